"""Labels find room: broken evenly, spread without overlap, off lines and edges; ticks are round."""

from __future__ import annotations

import itertools
import random
import re

import pytest

from pipeline.briefs import theme
from pipeline.briefs.charts.axis import round_ticks, tick_labels
from pipeline.briefs.charts.base import HALF, Surface
from pipeline.briefs.charts.place import Box, Placer, around, spread
from pipeline.briefs.words import Words

NAMES = [
    "Democratic Republic of the Congo",
    "Saint Vincent and the Grenadines",
    "Lao People’s Democratic Republic",
    "at least 5 (of 9)",
    "朝鲜民主主义人民共和国",
    "刚果（金）",
    "共建“一带一路”国家（合计）",
]


class TestWrapping:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("room", [30, 45, 70, 400])
    def test_wrapped_text_keeps_its_words_and_punctuation(self, name, room):
        with theme.style():
            surface = Surface(HALF, 20)
            wrapped = surface.wrap(name, room, lines=9)
            longest = max(surface.measure(p)[0] for p in re.findall(r"[a-zA-Z’()]+", name)) if name.isascii() else 30
            assert surface.widest(wrapped.split("\n")) <= max(room, longest + 6)
        assert re.sub(r"\s", "", wrapped) == re.sub(r"\s", "", name)
        assert not [part for part in wrapped.split("\n") if part[0] in "）”，。" or part[-1] in "（“"]


class TestPlacing:
    def test_spread_labels_never_overlap_and_keep_their_order(self):
        random.seed(3)
        for _ in range(200):
            heights = [random.uniform(4, 12) for _ in range(random.randint(1, 8))]
            wanted = [random.uniform(-20, 220) for _ in heights]
            centres = spread(wanted, heights, 0, 200, gap=1)
            order = sorted(range(len(wanted)), key=lambda i: wanted[i])
            for a, b in itertools.pairwise(order):
                assert centres[b] - centres[a] >= (heights[a] + heights[b]) / 2 - 1e-6
            assert min(c - h / 2 for c, h in zip(centres, heights, strict=True)) >= -1e-6
            assert max(c + h / 2 for c, h in zip(centres, heights, strict=True)) <= 200 + 1e-6

    def test_a_label_keeps_off_lines_others_and_the_edge(self):
        placer = Placer(Box(0, 0, 100, 100))
        placer.block_line([(0, 58), (100, 58)])
        first, second = (placer.place(around(50, 50, 20, 8)) for _ in range(2))
        assert first.overlap(second) == 0
        for box in (first, second):
            assert not box.bottom <= 58 <= box.top
            assert box.outside(Box(0, 0, 100, 100)) == 0

    @pytest.mark.parametrize(("low", "high"), [(0, 7), (0, 1_177_766), (-40, 90), (82, 99), (0, 0.03)])
    def test_ticks_are_round_and_cover(self, low, high):
        ticks = round_ticks(low, high)
        assert ticks[0] <= low
        assert ticks[-1] >= high
        assert 2 <= len(ticks) <= 8
        assert len(set(tick_labels(ticks, Words("en")))) == len(ticks)
