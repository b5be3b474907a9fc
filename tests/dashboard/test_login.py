"""The login's rules: who is let in, what a missing setting does, and that it is off by default."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import login
from dashboard.login import is_allowed
from tests.dashboard.measured_bundle import PAGES, save_measured_bundle, texts

ADA = {"is_logged_in": True, "name": "Ada [x](y)", "email": "ada@relief.example"}
AUTH = dict.fromkeys(login.NEEDED, "x" * login.MIN_SECRET)
ABOUT = PAGES / "7_About_this_model.py"
DESK = PAGES / "6_Case_desk.py"
EVERY_PAGE = [PAGES.parent / "Home.py", *sorted(PAGES.glob("*.py"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_measured_bundle(tmp_path_factory.mktemp("measured") / "measured")


@pytest.fixture
def open_page(tmp_path, monkeypatch, folder):
    def run(page, user=None, switch="1", auth=AUTH, allow=None):
        monkeypatch.setenv("GEOCORE_LOGIN", switch)
        monkeypatch.setenv("GEOCORE_BUNDLES", str(folder.parent))
        monkeypatch.setenv("GEOCORE_CASES", str(tmp_path))
        secrets = {"auth": auth, "access": {} if allow is None else {"allow": allow}}
        monkeypatch.setattr(login, "_secrets", secrets.get)
        monkeypatch.setattr(login, "_user", lambda: user or {"is_logged_in": False})
        app = AppTest.from_file(str(page), default_timeout=120)
        app.session_state["bundle"] = str(folder.resolve())
        return app.run()

    return run


def is_shut(app) -> bool:
    return not app.exception and not app.selectbox and "Bundle **" not in texts(app)


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.stem)
def test_no_page_shows_anything_before_the_login(page, open_page):
    app = open_page(page)
    assert is_shut(app) and "must log in first" in texts(app)
    assert [button.label for button in app.button] == ["Log in"]


def test_without_the_switch_nobody_is_asked(open_page):
    app = open_page(ABOUT, switch="", auth={})
    assert "Bundle **" in texts(app)
    assert "Log" not in [button.label for button in app.button]


@pytest.mark.parametrize("switch", ["1", ""])
def test_an_auth_section_alone_asks_for_the_login_too(open_page, switch):
    assert is_shut(open_page(ABOUT, switch=switch))


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ({}, "lacks, in its section"),
        (AUTH | {"client_id": ""}, "client_id"),
        (AUTH | {"cookie_secret": "short"}, "at least 32"),
    ],
)
def test_a_login_that_is_not_set_up_opens_nothing(open_page, auth, said):
    app = open_page(ABOUT, ADA, auth=auth)
    assert is_shut(app) and said in app.error[0].value


def test_without_authlib_nothing_is_opened(open_page, monkeypatch):
    monkeypatch.setattr(login, "find_spec", lambda name: None)
    app = open_page(ABOUT, ADA)
    assert is_shut(app) and "needs Authlib" in app.error[0].value


def test_a_typing_error_in_the_switch_opens_nothing(open_page):
    assert is_shut(open_page(ABOUT, ADA, switch="ja"))


def test_who_is_logged_in_sees_the_page_and_signs_the_log(open_page):
    app = open_page(DESK, ADA)
    assert any(r"Ada \[x\]\(y\)" in caption.value for caption in app.caption)
    (name,) = [box for box in app.text_input if box.label == "Your name, for the log"]
    assert name.disabled and name.value == "Ada [x](y) (ada@relief.example)"


@pytest.mark.parametrize(
    ("is_confirmed", "said"),
    [(True, "may not use the dashboard"), (None, "does not say that its e-mail address is")],
)
def test_who_is_not_on_the_list_sees_nothing_but_the_way_out(open_page, is_confirmed, said):
    app = open_page(ABOUT, {**ADA, "email_verified": is_confirmed}, allow=["@press.example"])
    assert is_shut(app) and said in app.error[0].value
    assert [button.label for button in app.button] == ["Log out"]


@pytest.mark.parametrize(
    ("allow", "email", "is_verified", "expected"),
    [
        (None, "", False, True),
        ([], "ada@relief.example", True, False),
        ("@relief.example", "ada@relief.example", True, False),
        (["@relief.example"], "ada@relief.example", True, True),
        (["@Relief.example "], "Ada@RELIEF.example", True, True),
        (["ada@relief.example"], "ada@relief.example", True, True),
        (["ada@relief.example"], "bob@relief.example", True, False),
        (["@relief.example"], "ada@relief.example", False, False),
        (["@relief.example"], "ada@relief.example", "true", False),
        (["@relief.example"], "ada@sub.relief.example", True, False),
        (["@relief.example"], "ada@evilrelief.example", True, False),
        (["@relief.example"], "@relief.example@evil.example", True, False),
        (["@"], "ada", True, False),
        (["@relief.example"], None, True, False),
    ],
)
def test_the_list(allow, email, is_verified, expected):
    assert is_allowed({"email": email, "email_verified": is_verified}, allow) is expected


def test_a_name_is_one_line_however_it_was_written():
    assert login._name({"name": "Ada\n\tL" + "x" * 300, "email": ""}) == "Ada L" + "x" * 115
    assert login._name({"name": None, "email": None, "sub": "4711"}) == "4711"
