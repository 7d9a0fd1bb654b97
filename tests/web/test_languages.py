"""Which language a reader gets, and how each writes times, days, numbers, units and sentences."""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta, timezone

import pytest
from accounts import PASSWORD
from desks import Browser, Desk, acting_of
from hypothesis import given
from hypothesis import strategies as st

from matcher.domain.ages import AgeBand
from matcher.domain.chances import Chance, Insufficient, Meaning
from matcher.domain.faces import NoFaceReason, Shortfall
from matcher.domain.people import Language, Role
from matcher.domain.quality import Advice, Weakness, WeaknessKind, explain
from matcher.matching.sentences import sentence
from matcher.web.languages import Speech, wanted
from matcher.web.pages import FILTERS
from matcher.wording import Wording, said

ENGLISH, CHINESE = Speech(Language.ENGLISH), Speech(Language.CHINESE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("zh-CN,zh;q=0.9", Language.CHINESE),
        ("zh-Hans-CN", Language.CHINESE),
        ("ZH", Language.CHINESE),
        ("zh-TW,zh;q=0.9,en;q=0.8", Language.CHINESE),  # there is no other Chinese
        ("en-GB,en;q=0.9,zh;q=0.8", Language.ENGLISH),
        ("en;q=0.5,zh;q=0.6", Language.CHINESE),
        ("en;q=0.5, zh ; q=0.5", Language.ENGLISH),  # equals as they come
        ("fr,de;q=0.8,zh;q=0.2", Language.CHINESE),
        ("zh;q=0,en;q=0.1", Language.ENGLISH),
        ("zh;q=0", Language.ENGLISH),
        ("fr", Language.ENGLISH),
        ("*", Language.ENGLISH),
        ("", Language.ENGLISH),
        ("zhuang", Language.ENGLISH),
        (";;,q=,zh;q=x,\x00,zh_CN", Language.ENGLISH),
        (",".join(["fr"] * 5000), Language.ENGLISH),
    ],
)
def test_the_browsers_wish(header: str, expected: Language) -> None:
    assert wanted(None, header) is expected
    for language in Language:
        assert wanted(language, header) is language, "the account comes first"


@given(st.text(alphabet=st.sampled_from("zhen-_;=q.0159,* \t*é"), max_size=60))
def test_no_header_is_an_error(header: str) -> None:
    assert wanted(None, header) in Language


def chinese(desk: Desk, name: str) -> None:
    desk.matcher.accounts.set_language(acting_of(desk, name), Language.CHINESE)


def reading(browser: Browser, header: str) -> Browser:
    browser.client.headers["Accept-Language"] = header
    return browser


def test_english_unless_asked_otherwise(desk: Desk) -> None:
    for header in (None, "", "fr-FR", "\x7f;;q=9"):
        browser = desk.browser() if header is None else reading(desk.browser(), header)
        text = browser.get("/sign-in").text
        assert '<html lang="en">' in text
        assert "Possible resemblance, for human review; not an identification." in text


def test_chinese_by_the_browser_before_and_after_signing_in(desk: Desk) -> None:
    browser = reading(desk.browser(), "zh-CN,zh;q=0.9")
    text = browser.get("/sign-in").text
    assert '<html lang="zh-Hans">' in text
    assert "用户名" in text
    assert "仅为可能相似，供人工审核；不是身份认定。" in text
    refused = browser.client.post("/sign-in", data={"name": "li", "password": "wrong"})
    assert "用户名与密码不符" in refused.text
    browser.client.post("/sign-in", data={"name": "li", "password": PASSWORD})
    assert "下一项任务" in browser.get("/queue").text


def test_a_stopped_guesser_reads_how_long(desk: Desk) -> None:
    browser = reading(desk.browser(), "zh")
    answers = [browser.client.post("/sign-in", data={"name": "li", "password": "wrong"}) for _ in range(6)]
    assert f"请在 {answers[-1].headers['retry-after']} 秒后重试" in answers[-1].text


def test_an_account_in_chinese_reads_chinese_in_an_english_browser_and_the_other_way_round(desk: Desk) -> None:
    chinese(desk, "li")
    li = reading(desk.browser("li"), "en-GB")
    for path in ("/queue", "/inbox", "/quality", li.claim()):
        assert '<html lang="zh-Hans">' in li.get(path).text
    desk.matcher.accounts.set_language(acting_of(desk, "wang"), Language.ENGLISH)
    assert '<html lang="en">' in reading(desk.browser("wang"), "zh").get("/queue").text


def test_two_readers_at_once_keep_their_languages(desk: Desk) -> None:
    chinese(desk, "li")
    li, wang = desk.browser("li"), desk.browser("wang")
    for _ in range(3):
        assert "待办" in li.get("/queue").text
        assert "待办" not in wang.get("/queue").text


def test_what_has_no_translation_is_marked_as_english() -> None:
    chinese_speech, english_speech = Speech(Language.CHINESE), Speech(Language.ENGLISH)
    assert (
        chinese_speech.told("nobody <b>said</b> this") == '<span lang="en">nobody &lt;b&gt;said&lt;/b&gt; this</span>'
    )
    assert english_speech.told("nobody <b>said</b> this") == "nobody &lt;b&gt;said&lt;/b&gt; this"
    assert chinese_speech.told(Wording("There is no case '{case}'.", case="<1>")) == "没有案件“&lt;1&gt;”。"


def test_an_error_is_told_in_the_readers_language_and_as_english_where_it_cannot(desk: Desk) -> None:
    chinese(desk, "chen")
    chen = desk.browser("chen")
    text = chen.get("/queue", 403).text
    assert "<h1>此账号无权执行该操作。</h1>" in text
    assert "账号“chen”无权执行该操作" in text
    text = chen.get("/case?number=%20x", 400).text
    assert "首尾有空格" in text
    text = chen.get("/case?number=nowhere", 404).text
    assert ("没有案件“nowhere”" in text, "matcher case" in text) == (True, False), "no command is for a page"
    text = desk.browser("sun").get("/queue", 403).text
    assert "<h1>Forbidden</h1>" in text
    assert '<p class="problem" role="alert">The account &#39;sun&#39; may not do this' in text


def test_errors_of_the_pages_themselves_are_told_in_the_readers_language(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese(desk, "sun")
    sun = reading(desk.browser("sun"), "en")
    text = sun.get("/nowhere", 404).text
    assert "<h1>未找到</h1>" in text
    assert '<p class="problem" role="alert">没有此页面。</p>' in text
    assert "此地址或表单含有无效内容" in sun.get("/audit?before=-1", 422).text
    assert "不允许该请求方式。</p>" in sun.client.put("/audit").text
    assert "There is no such page." in desk.browser().get("/nowhere", 404).text

    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("matcher.web.console.oversight.latest_audit", broken)
    assert "未作任何更改" in sun.get("/audit", 500).text


NOON = datetime(2026, 3, 1, 20, 5, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("name", "arguments", "english", "chinese"),
    [
        ("time", (NOON,), "2026-03-01 12:05 UTC", "2026年3月1日 12:05 UTC"),
        ("date", (date(2026, 3, 1),), "2026-03-01", "2026年3月1日"),
        ("date", (datetime(2026, 3, 1, 7, 0, tzinfo=NOON.tzinfo),), "2026-02-28", "2026年2月28日"),
        ("number", (0.12345, 3), "0.123", "0.123"),
        ("number", (1234.5,), "1234", "1234"),
        ("number", (-0.5, 2), "-0.50", "-0.50"),
        ("number", (0,), "0", "0"),
        ("cm", (110.0,), "110 cm", "110厘米"),
        ("kg", (18.5,), "18.5 kg", "18.5 kg"),
        ("km", (3.26,), "3.26 km", "3.26公里"),
        ("words", (Role.OFFICER,), "officer", "办案人员"),
        ("words", ("located_alive",), "located alive", "已找到（在世）"),
        ("words", ("family", "Circumstance"), "family", "被家庭成员带走"),
        ("words", ("family", "ConfirmationKind"), "family", "家人确认"),
        ("words", ("what_nobody_knows",), "what nobody knows", "what nobody knows"),
    ],
)
def test_times_days_numbers_units_and_words(
    name: str, arguments: tuple[object, ...], english: str, chinese: str
) -> None:
    assert getattr(ENGLISH, name)(*arguments) == english
    assert getattr(CHINESE, name)(*arguments) == chinese


def test_no_data_is_a_dash_in_every_filter() -> None:
    for name in FILTERS:
        assert getattr(CHINESE, name)(None) == "–", name


def test_no_text_is_no_text() -> None:
    assert CHINESE.say("") == ""  # gettext would give the file's header


CHANCE = Chance(rate=0.025, low=0.0125, high=0.05, at_most=False, lookalikes=0.03, false_match_rate=1e-5, children=1234)


@pytest.mark.parametrize(
    ("meaning", "chinese"),
    [
        (
            Meaning(AgeBand.FROM_9, chance=CHANCE),
            "用无关人员的照片搜索，在本图库的 1,234 名9–12 岁的儿童中找到同样相似的人的情况约为每 40 次中 1 次"
            "（介于每 80 次中 1 次与每 20 次中 1 次之间）。",
        ),
        (
            Meaning(AgeBand.ADULT, insufficient=Insufficient.TOO_FEW, children=30, needed=100),
            "无法说明此相似度的含义：上次测算时本图库中只有 30 名18 岁及以上的人员，需要 100 名。",
        ),
        (
            Meaning(AgeBand.INFANT, insufficient=Insufficient.INFANT),
            "无法说明此相似度的含义：3 岁以前的面部特征能说明的太少。",
        ),
    ],
)
def test_what_a_similarity_means(meaning: Meaning, chinese: str) -> None:
    assert CHINESE.meaning(meaning) == chinese
    assert ENGLISH.meaning(meaning) == sentence(meaning)


def test_what_a_photo_lacks() -> None:
    advice = explain(NoFaceReason.NO_FACE, Shortfall(sought=40))
    assert ENGLISH.advice(advice) == str(advice)
    assert CHINESE.advice(advice) == "未发现人脸（只查找宽度不小于 40 像素的人脸）：请索取人脸更近、正面拍摄的照片"
    weak = Weakness(Wording("turned about {degrees} degrees to the side", degrees=50), "x", WeaknessKind.TURNED, False)
    assert ENGLISH.weakness(weak) == "weak: turned about 50 degrees to the side: x"
    assert CHINESE.weakness(weak) == "质量较差：向一侧转了约 50 度；更好的是：x"
    assert CHINESE.advice(Advice("{of nobody}", "x")) == "{of nobody}：x", "what people wrote is no template"


def test_a_wording_is_its_english_text_and_survives_copies() -> None:
    inner = Wording("{count} in 10", count=3)
    text = Wording("about {share}", share=inner)
    for one in (text, copy.deepcopy(text)):
        assert one == "about 3 in 10"
        assert said(one, {"about {share}": "约{share}", "{count} in 10": "十分之{count}"}.get) == "约十分之3"


def test_a_comparison_is_printed_in_the_readers_language(desk: Desk) -> None:
    li = desk.browser("li")
    li.post(f"{li.claim()}/seal", pick="1", answer="picks")
    chinese(desk, "wang")
    for name, language, words in (
        (
            "wang",
            "zh-Hans",
            ("两张脸的比对", "仅为可能相似，供人工审核；不是身份认定", "鼻子", "不相似", "姓名、地点和时间已略去。"),
        ),
        ("zhao", "en", ("Comparison of two faces", "possible resemblance", "nose", "dissimilar", "are left out.")),
    ):
        browser = desk.browser(name)
        path = browser.claim()
        browser.get(path)
        browser.post(f"{path}/draft", 204, **{"nose.likeness": "dissimilar"})
        page = browser.post(f"{path}/print", **{"as": "html"}).text
        assert f'<html lang="{language}">' in page
        assert [text for text in words if text not in page] == []
        assert browser.post(f"{path}/print", **{"as": "pdf"}).content.startswith(b"%PDF")
