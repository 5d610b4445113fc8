"""What a stack encodes is what the program decodes, and a misspelt setting is named."""

from dataclasses import fields

import pytest
from bad_input import SETTINGS, Everything, read_environment
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.settings import SettingsError, decode, encode, from_environment, to_arguments, to_environment

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
EVERYTHING = st.builds(
    Everything,
    name=st.text(),
    count=st.integers(),
    share=NUMBERS,
    on=st.booleans(),
    names=st.lists(st.text(min_size=1).filter(lambda text: "," not in text)).map(tuple),
    maybe_name=st.none() | st.text(min_size=1),
    maybe_count=st.none() | st.integers(),
    maybe_share=st.none() | NUMBERS,
)


@given(EVERYTHING)
def test_settings_survive_every_carrier(settings: Everything) -> None:
    """Environment, property group and job arguments are all flat maps of text."""
    assert decode(Everything, encode(settings)) == settings
    assert from_environment(Everything, to_environment(settings)) == settings
    arguments = {name.removeprefix("--"): text for name, text in to_arguments(settings).items()}
    missing = {"name": ""} if settings.name == "" else {}
    assert decode(Everything, arguments | missing) == settings


@pytest.mark.parametrize("names", [("a,b",), ("a", "")])
def test_a_list_that_would_come_back_as_another_is_refused(names: tuple[str, ...]) -> None:
    """Better no deployment than one with other settings than were written down."""
    with pytest.raises(SettingsError, match="names"):
        encode(Everything(name="n", count=1, share=1.0, on=True, names=names))


def test_every_fault_is_named_at_once() -> None:
    """Whoever repairs a deployment should not have to deploy once for each mistake."""
    with pytest.raises(SettingsError) as raised:
        decode(Everything, {"count": "many", "share": "half", "on": "yes"})
    assert str(raised.value) == (
        "Everything: name: missing; count: 'many' is not a number; share: 'half' is not a number; "
        "on: 'yes' is neither 'true' nor 'false'"
    )


def test_what_a_program_does_not_know_is_left_alone() -> None:
    """An environment holds a hundred names of others."""
    settings = Everything(name="n", count=1, share=1.0, on=True)
    assert from_environment(Everything, {"PATH": "/bin", **to_environment(settings)}) == settings


def test_an_unset_setting_keeps_its_default() -> None:
    """A new setting must not break the deployments that do not name it yet."""
    assert decode(Everything, {"name": "n", "count": "1", "share": "1", "on": "true"}).names == ()


# Names that a program knows, in any letters, with a text that means something to some setting, or with any.
NAMES = st.sampled_from(sorted({field.name.upper() for program in SETTINGS for field in fields(program)}))
ODD_TEXTS = ["", "0", "-1", "1e999", "nan", "1_0", "9" * 5_000, " 7", "\u0663", "true", "True", ",a,,b", "\udcff"]
THERE = {"NAME": "n", "COUNT": "1", "SHARE": "1", "ON": "true"}


@settings(deadline=None)
@given(
    st.sampled_from([{}, THERE]),
    st.dictionaries(NAMES | NAMES.map(str.lower) | st.text(), st.sampled_from(ODD_TEXTS) | st.text()),
)
def test_any_environment_is_settings_or_one_error_that_names_them(there: dict[str, str], more: dict[str, str]) -> None:
    """A program that is told nonsense has to say so at its start, not at the first record."""
    read_environment(there | more)


@pytest.mark.parametrize("program", [program for program in SETTINGS if program is not Everything])
def test_the_codec_carries_every_setting_of_every_program(program: type) -> None:
    """A kind of setting that the codec cannot hold shows here, not at the first start in AWS."""
    required = {field.name: "text" for field in fields(program) if field.default is field.default_factory}
    settings = decode(program, required)
    assert decode(program, encode(settings)) == settings
