# SPDX-License-Identifier: Apache-2.0
"""Whistles that are nobody's duplicates, for tests of something else: words that no two of them share."""
import itertools
import random

_count = itertools.count()


def words(chars=40, seed=None):
    """So many characters, others at every call; with a seed always the same ones."""
    draw = random.Random(f"call {next(_count)}" if seed is None else f"seed {seed}")
    return "".join(chr(draw.randrange(0x4E00, 0x9F00)) for _ in range(chars))


def apart(fields, seed=None):
    """The same fields with a title and a text of their own."""
    return {**fields, "title": fields["title"] + " " + words(8, seed and f"title {seed}"),
            "text": fields.get("text", "") + words(40, seed)}
