"""Ways of writing tables: each is read as what was written, and what is not clear is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevnslib.dialects import numbers_of
from cevnslib.errors import quoted

FORMATS = ("{:g}", "{!r}", "{:.3e}", "{:.4f}", "{:+.2e}")
SEPARATORS = {
    ",": (",", ", ", " , "),
    ";": (";", "; "),
    "\t": ("\t",),
    " ": (" ", "   "),
}
NAMES = ("E (keV)", "eff", "lower error", "n")
#: Which way of writing a point and another sign between numbers leaves no doubt.
CLEAR = [(sign, ".") for sign in ";\t "]


@st.composite
def tables(draw):
    """A table in one way of writing, the names and the numbers it holds, and that way."""
    sign, decimal = draw(st.sampled_from([*CLEAR, *((x, ",") for x in ";\t "), (",", ".")]))
    separator = draw(st.sampled_from(SEPARATORS[sign]))
    number = st.one_of(st.floats(-1e6, 1e6), st.integers(-2000, 2000).map(float))
    count, rows = draw(st.integers(2, 4)), draw(st.integers(1, 5))
    form = draw(st.sampled_from(FORMATS))
    cells = [[form.format(draw(number)) for _ in range(count)] for _ in range(rows)]
    numbers = [[float(cell) for cell in row] for row in cells]
    if draw(st.booleans()):
        cells = [[cell.replace("e", draw(st.sampled_from("eEdD"))) for cell in x] for x in cells]
    if decimal == ",":
        cells = [[cell.replace(".", ",") for cell in row] for row in cells]
    if draw(st.booleans()):
        cells = [[f'"{cell}"' for cell in row] for row in cells]
    lines = [separator.join(row) for row in cells]
    if sign in ",;" and draw(st.booleans()):
        lines[draw(st.integers(0, rows - 1))] += separator
    if draw(st.booleans()):
        lines[-1] += "  # the last"
    if sign == " " and draw(st.booleans()):
        lines = [f"  {line} " for line in lines]
    heading = draw(st.sampled_from(["none", "names", "comment", "prose"]))
    names = NAMES[:count] if heading in ("names", "comment") else ()
    if sign == " ":
        names = tuple(name.replace(" er", "_er") for name in names)
    above = {"none": [], "prose": ["# what our detector saw in the end of it"]}.get(
        heading, [("# " if heading == "comment" else "") + separator.join(names)]
    )
    lines = [draw(st.sampled_from(["// x", "! y", "% z", "; 1 w", "  # v"])), *above, "", *lines]
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join([*lines, ""])
    return text, names, numbers, (sign, decimal), heading


@given(tables())
def test_what_is_written_is_read(table):
    """Equal to the last bit, or refused as not clear, which only commas can be."""
    text, names, numbers, way, heading = table
    try:
        header, rows, lines = numbers_of(text)
    except ValueError as error:
        assert "whose comma may stand" in str(error)  # noqa: PT017, it is no other
        assert way not in CLEAR
        assert way != (",", ".") or heading != "names"
        return
    assert header == names
    assert np.array_equal(rows, numbers)
    assert len(lines) == len(rows)
    assert lines[0] == (3 if heading in ("none",) else 4)


@pytest.mark.parametrize(
    ("text", "header", "first"),
    [
        ("5,0.03\n10,0.35\n", (), (5, 0.03)),
        ("E (keV);eff\n5;0,03\n", ("E (keV)", "eff"), (5, 0.03)),
        ("E (keV)\tour eff\n5\t0.03\n", ("E (keV)", "our eff"), (5, 0.03)),
        ("E (keV) eff [%]\n5 3\n", ("E (keV)", "eff [%]"), (5, 3)),
        ("# E_keV eff\n5,0.03\n", ("E_keV", "eff"), (5, 0.03)),
        ("# energy,counts\n5,1\n", ("energy", "counts"), (5, 1)),
        ("# E_keV, eff\n5 0.03\n", ("E_keV", "eff"), (5, 0.03)),
        ("# E eff\n# ---------\n5 0.03\n", ("E", "eff"), (5, 0.03)),
        ("E, eff\n== ===\n1,5 2,3\n", ("E", "eff"), (1.5, 2.3)),
        ("sep=;\nE;eff\n5;0,03\n", ("E", "eff"), (5, 0.03)),
        (",E,eff\n0,5,0.03\n", ("", "E", "eff"), (0, 5, 0.03)),
        ("# seen in 2019 by two\n5 0.03\n", (), (5, 0.03)),
        ("# 1 0.5\n5 0.03\n", (), (5, 0.03)),
        ("Our detector\nE;eff\n5;0.03\n", ("E", "eff"), (5, 0.03)),
        ("E;eff\neV;-\n5;0.03\n", ("E (eV)", "eff (-)"), (5, 0.03)),
        ("E,eff # of ours\n5,1\n", ("E", "eff"), (5, 1)),
        ("E,# of events\n5,1\n", ("E", "# of events"), (5, 1)),
        ('"E, keV","eff"\n5,0.03\n', ("E, keV", "eff"), (5, 0.03)),
        ("# fcc\n1.0D-3 .5 5. +3 1e-3 1E3\n", (), (1e-3, 0.5, 5, 3, 1e-3, 1e3)),
        ("1,5e-3 2\n", (), (1.5e-3, 2)),
        ("1,5 2,3\n", (), (1.5, 2.3)),
        ('"1,5","2,3"\n', (), (1.5, 2.3)),
        ('"1.5";"2.3"\n', (), (1.5, 2.3)),
        ('"1.5" "2.3"\n', (), (1.5, 2.3)),
        ("1,234;0,5\n", (), (1.234, 0.5)),
        ("1 2 // x, y\n", (), (1, 2)),
        ("5,0.03,,\n,,\n10,0.1,,\n", (), (5, 0.03)),
        ("\N{MINUS SIGN}5 3\n", (), (-5, 3)),
        ("energy,counts\n5,12\n10,4\n", ("energy", "counts"), (5, 12)),
        ("5;12\n; what follows is old\n10;4\n", (), (5, 12)),
    ],
)
def test_as_they_come(text, header, first):
    names, rows, _ = numbers_of(text)
    assert names == header
    assert tuple(rows[0]) == first


@pytest.mark.parametrize(
    "text",
    [
        "1,234\n",
        "1,234\n5,678\n",
        "1,5\n2,5\n",
        "5,3\n10,4\n",
        "# our curve\n5,3\n10,4\n",
        "E;eff\n10;1,234\n",
        "1,234 2,500\n",
        '"1,234","5"\n',
        "1,2, 3\n",
        "1,2\n3\n",
    ],
)
def test_what_is_not_clear_is_refused(text):
    with pytest.raises(ValueError, match=r"line \d.*: got .*, whose comma may stand between numb"):
        numbers_of(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no line of numbers"),
        ("# only\n\n", "there is no line of numbers"),
        ("abc\ndef\n", "there is no line of numbers"),
        ("5,0.03\n10,abc\n", "line 2, column 2: got 'abc'; allowed: a finite number with a dec"),
        ("5,0.03\n\n# x\n10,nan\n", "line 4, column 2: got 'nan'"),
        ("1 inf\n", "line 1, column 2: got 'inf'"),
        ("1 1e999\n", "line 1, column 2: got '1e999'"),
        ("nan 1\n2 3\n", "line 1, column 1: got 'nan'; allowed: a number, as in the rest"),
        ("O.5,0.03\n10,0.35\n", "line 1, column 1: got 'O.5'; allowed: a number, as in the rest"),
        ("5,O.03\n10,0.35\n", "line 1, column 2: got 'O.03'"),
        ("5,0.03\n10\n", "line 2, column 2: got 1 column; allowed: 2, as in line 1"),
        ("E,eff\n5,1\n6\n", "line 3, column 2: got 1 column; allowed: 2, as in line 2"),
        ("5 0.03\n10 0.35 7\n", "line 2, column 3: got 3 columns; allowed: 2"),
        (
            "5;0,03\n10;0.35\n",
            "line 2, column 2: got '0.35'; allowed: a finite number with a decim",
        ),
        ("1,234.5;3\n", "line 1, column 1: got '1,234.5'"),
        ("1 234,5;2\n", "line 1, column 1: got '1 234,5'"),
        ("1\N{NO-BREAK SPACE}234;2\n", "line 1, column 1: got '1"),
        ("1_000 3\n", "line 1, column 1: got '1_000'"),
        ("1'000;3\n", "line 1, column 1: got"),
        ("50% 3\n", "line 1, column 1: got '50%'"),
        ("\N{ARABIC-INDIC DIGIT ONE} 3\n", "line 1, column 1: got"),
        ("5\t\t3\n", "line 1, column 2: got nothing between two separators"),
        ("5;;3\n", "line 1, column 2: got nothing between two separators"),
        (",0.03\n", "line 1, column 1: got nothing between two separators"),
        ("1;2\n;3\n", "line 2: got ';3', a comment or a row without its first number"),
        ("E,eff,err\n1,2\n", "line 1: got 3 names over 2 columns; allowed: a name for each"),
        ("E,eff\n5,0,03\n", "line 1: got 2 names over 3 columns"),
        ("1," * 200 + "1\n", "line 1, column 201: got 201 columns; allowed: at most 200"),
        ("5,0.03\n-,-\n10,0.1\n", "line 2, column 1: got '-'"),
        (
            '5,0.03\n"' + "x" * 200_000 + '",1\n',
            "line 2: got 200004 signs; allowed: at most 100000",
        ),
        ('5,0.03\n"10,0.1\n', "line 2"),
        ("5 & 0.03\n", "line 1, column 2: got '&'"),
        ("1 2\nE eff\n3 4\n", "line 2, column 1: got 'E'"),
    ],
)
def test_errors_name_line_and_column(text, words):
    with pytest.raises(ValueError, match="line") as refused:
        numbers_of(text)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@given(
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.text("0123456789,.;\t e-#\n", max_size=40),
)
def test_any_text_is_a_table_or_refused_on_one_line(start, rest):
    text = start + rest
    try:
        _, rows, lines = numbers_of(text)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1, quoted(text)  # noqa: PT017
    else:
        assert rows.ndim == 2
        assert rows.size
        assert np.isfinite(rows).all()
        assert len(lines) == len(rows)
