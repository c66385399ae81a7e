"""The ways in which two offices write the same thing: the inbound office in Chinese, the outbound office in English.

Each writing comes with a weight; an entry of the source card must undo every one that is not plain words.
"""

from __future__ import annotations

Writings = tuple[tuple[str, int], ...]

# Spaces as people leave them: plain, no-break, ideographic.
STRAY = (" ", "\u00a0", "\u3000", "  ")

INBOUND: dict[str, dict[str, Writings]] = {
    "mode": {
        "joint_training": (("联合培养", 8), ("联培", 2)),
        "dual_degree": (("双学位", 8), ("双学位项目", 1)),
        "joint_research": (("合作研究", 1),),
        "exchange": (("交换生", 8), ("校际交换", 2)),
        "short_programme": (("寒暑期短期项目", 6), ("短期项目", 4)),
        "research_visit": (("访学", 5), ("访问学者", 5)),
        "conference": (("国际会议", 1),),
        "lecture": (("高端讲座", 1),),
        "degree": (("学位项目", 6), ("学历生", 4)),
        "virtual": (("线上", 6), ("线上项目", 4)),
    },
    "level": {
        "6": (("本科", 6), ("本科生", 4)),
        "7": (("硕士", 6), ("硕士研究生", 4)),
        "8": (("博士", 6), ("博士研究生", 4)),
    },
    "field": {
        "01": (("教育学", 1),),
        "02": (("文学", 5), ("历史学", 2), ("哲学", 1), ("艺术学", 2)),
        "03": (("经济学", 1),),
        "04": (("管理学", 7), ("法学", 3)),
        "05": (("理学", 1),),
        "06": (("信息与通信技术", 1),),
        "07": (("工学", 1),),
        "08": (("农学", 1),),
        "09": (("医学", 1),),
        "10": (("服务", 1),),
    },
    "gender": {"male": (("男", 9), ("M", 1)), "female": (("女", 9), ("F", 1))},
    "funder": {
        "government": (("中国政府奖学金", 1),),
        "university": (("学校奖学金", 1),),
        "foundation": (("基金会", 1),),
        "employer": (("单位资助", 1),),
        "self": (("自费", 1),),
    },
    "language_entry": {},
    "dual_supervised": {"yes": (("是", 8), ("有", 1)), "no": (("否", 8), ("无", 1))},
    "visa_result": {"granted": (("通过", 1),), "refused": (("拒签", 1),)},
    "outcome": {
        "completed": (("结业", 5), ("毕业", 5)),
        "withdrawn": (("退学", 1),),
        "extended": (("延期", 1),),
        "ongoing": (("在读", 1),),
    },
    "currency": {"CNY": (("人民币", 6), ("CNY", 4)), "EUR": (("欧元", 1),)},
}

HSK = {"B1": "HSK3级", "B2": "HSK4级", "C1": "HSK5级", "C2": "HSK6级"}

OUTBOUND: dict[str, dict[str, Writings]] = {
    "mode": {
        "joint_training": (("JT", 1),),
        "dual_degree": (("DD", 1),),
        "joint_research": (("JR", 1),),
        "exchange": (("EX", 1),),
        "short_programme": (("SP", 1),),
        "research_visit": (("RV", 1),),
        "conference": (("CF", 1),),
        "lecture": (("LT", 1),),
        "degree": (("DG", 1),),
        "virtual": (("VR", 1),),
    },
    "level": {
        "6": (("Bachelor", 1),),
        "7": (("Master", 8), ("Master's", 2), ("MASTER", 1)),
        "8": (("Doctoral", 6), ("PhD", 4)),
    },
    "field": {
        "01": (("Education", 1),),
        "02": (("Arts and humanities", 1),),
        "03": (("Social sciences, journalism and information", 1),),
        "04": (("Business, administration and law", 1),),
        "05": (("Natural sciences, mathematics and statistics", 1),),
        "06": (("Information and Communication Technologies", 1),),
        "07": (("Engineering, manufacturing and construction", 1),),
        "08": (("Agriculture, forestry, fisheries and veterinary", 1),),
        "09": (("Health and welfare", 1),),
        "10": (("Services", 1),),
    },
    "gender": {"male": (("M", 8), ("Male", 2)), "female": (("F", 8), ("Female", 2))},
    "funder": {
        "government": (("CSC", 1),),
        "university": (("University", 1),),
        "host_university": (("Host", 1),),
        "joint_fund": (("Joint fund", 1),),
        "foundation": (("Foundation", 1),),
        "employer": (("Employer", 1),),
        "self": (("Self", 7), ("Self-funded", 3)),
    },
    "language_entry": {},
    "dual_supervised": {"yes": (("Yes", 6), ("Y", 4)), "no": (("No", 6), ("N", 4))},
    "visa_result": {"granted": (("Granted", 8), ("G", 2)), "refused": (("Refused", 8), ("R", 2))},
    "outcome": {
        "completed": (("C", 1),),
        "withdrawn": (("W", 1),),
        "extended": (("E", 1),),
        "ongoing": (("O", 1),),
    },
    "currency": {},
}
OUTBOUND["home_field"], INBOUND["home_field"] = OUTBOUND["field"], INBOUND["field"]

# Codes that no list explains, left by people who are gone.
STALE_CODES = {"inbound": ("99", "其他(旧)", "?"), "outbound": ("ZZ", "88", "tbc")}

# Countries that cannot be told: made up, unknown, no country.
NO_COUNTRY = {
    "inbound": ("未知", "亚特兰蒂斯", "N/A", "待定", "???"),
    "outbound": ("Atlantis", "N/A", "Unknown", "tbd", "XX9"),
}
IMPOSSIBLE = {
    "inbound": ("{y}-02-30", "{y}年13月", "{y}/9/31", "{y}-00-01", "99999999", "待定"),
    "outbound": ("31.02.{y}", "{y}-02-30", "31.13.{y}", "0", "tbc", "{y}-11-31"),
}
REMARKS = {
    "inbound": ("", "", "", "", "", "", "补录", "材料齐全,待归档", "见附件\n二〇一九年补", "导师:校内", '又名"小李"'),
    "outbound": ("", "", "", "", "", "late entry", "see file, page 2", "form on paper\ntyped in later", "contract 'B'"),
}


def code_map(spellings: dict[str, dict[str, Writings]]) -> dict[str, dict[str, str]]:
    """What a source card has to say to undo the writings: column to (text as written to code)."""
    mapped: dict[str, dict[str, str]] = {}
    for column, codes in spellings.items():
        texts = {text: code for code, writings in codes.items() for text, _ in writings}
        if texts:
            mapped[column] = texts
    return mapped
