"""Text steps: dialogue splitter, HTML normaliser, emoji remover, text normaliser."""

import pytest

from names3risk.text.steps import messages_of, normalize_html, normalize_text, remove_emoji, split_dialogue

ALL = ["dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer", "dialogue_chunker"]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("hello there", ["hello there"]),
        ("[bom] hi [eom][bom]where is it[eom]", ["hi", "where is it"]),
        ("[bom]a[eom] between [bom]b[eom] after", ["a", "between", "b", "after"]),
        ("before [bom]never ended", ["before", "never ended"]),
        ("[bom][eom][bom]  [eom]", []),
        ("", []),
    ],
)
def test_a_dialogue_is_split_at_its_markers(text, messages):
    assert split_dialogue(text) == messages


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Dear <b>Ann</b>,</p><p>thanks &amp; bye</p>", "Dear Ann , thanks & bye"),
        ("<script>alert(1)</script>ok<style>p{}</style>", "ok"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("no markup at all", "no markup at all"),
        ("caf&eacute; &#x263A;", "café ☺"),
    ],
)
def test_html_becomes_what_a_browser_would_show(text, plain):
    assert " ".join(normalize_html(text).split()) == plain


def test_emoji_go_and_letters_of_all_scripts_stay():
    assert remove_emoji("Привет 👋🏽 世界 👨‍👩‍👧 ok 🇩🇪") == "Привет  世界  ok "
    assert remove_emoji("plain :-)") == "plain :-)"


def test_every_emoji_goes():
    import emoji

    assert [sign for sign in emoji.EMOJI_DATA if remove_emoji(sign)] == []


def test_text_is_stripped_lowered_and_its_spaces_collapsed():
    assert normalize_text("  Hello\t\tWORLD \n again ") == "hello world again"


def test_the_steps_work_together_in_order():
    text = "[bom]<i>Hello</i>   THERE 😀[eom][bom]😀[eom][bom]Bye[eom]"
    assert messages_of(text, ALL) == ["hello there", "bye"]
    assert messages_of(None, ALL) == []


def test_a_step_that_is_left_out_does_nothing():
    text = "[bom]A[eom]"
    assert messages_of(text, ["text_normalizer"]) == ["[bom]a[eom]"]
    assert messages_of(text, ["dialogue_splitter"]) == ["A"]
    assert messages_of(text, []) == [text]
