"""What the command refuses before it starts anything."""

import pytest

from scripts import load


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--analysts", "0"], "n_analysts must be 1 to 100, received 0"),
        (["--minutes", "-1"], "must not be below 0"),
    ],
)
def test_an_impossible_load_is_refused(arguments, words, capsys):
    with pytest.raises(SystemExit) as stop:
        load.main(arguments)
    assert stop.value.code == 2
    assert words in capsys.readouterr().err
