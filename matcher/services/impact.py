"""The page that an impact assessment can start from, filled from a home's real settings and figures.

It is designed for such an assessment and is none: what only people can answer is left blank.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from matcher.accounts.rights import ALLOWED
from matcher.config import Settings
from matcher.domain.ages import AgeBand
from matcher.domain.cases import CaseStatus
from matcher.domain.people import Role
from matcher.errors import MatcherError
from matcher.faces.backends import models_of
from matcher.interchange.impact_page import Section, Table, impact_page
from matcher.matching.plausibility import age_at
from matcher.services import erasure_list
from matcher.services.context import Context
from matcher.services.law import count_people
from matcher.services.measures import measures
from matcher.services.models import card_of

_TITLE = "What an impact assessment can start from"
_NOTICE = (
    "This page was filled by sighting-matcher at {at} from the settings and the figures of the home {home}. The "
    "program is designed for work under data protection law; whether it is used lawfully, people have to judge. This "
    "page is no assessment, and no legal advice: it says what was looked up, and all the rest is to be answered."
)
_A, _B, _C, _D = (f"GDPR Art. 35(7)({letter})" for letter in "abcd")
_LED, _PIPL = "LED (EU) 2016/680 Art. 27", "PIPL (China) Art. 55 and 56"


def page(context: Context) -> str:
    """The whole page, as Markdown."""
    notice = _NOTICE.format(at=f"{context.clock():%Y-%m-%d %H:%M} UTC", home=context.home.root)
    return impact_page(_TITLE, notice, sections(context))


def sections(context: Context) -> list[Section]:
    """The parts of the page in their order."""
    return [
        _purposes(),
        _data(context),
        _storage(context),
        _access(context),
        _necessity(),
        _risks(context),
        _measures(context),
        _outcome(),
    ]


def _purposes() -> Section:
    return Section(
        "Purposes and operations",
        f"{_A}; {_LED}; {_PIPL}",
        told=(
            "Photos of sightings are compared with photos of missing children, so that people can judge whether both "
            "may show the same child. The program ranks; it decides nothing, and no similarity is a limit of anything.",
            "Operations: photos are taken in and stripped of their metadata, faces are found and turned into numbers "
            "(embeddings), numbers are compared, candidates are shown to reviewers, and each act is recorded.",
        ),
        questions=(
            "Who is the controller, who the processor, and which authority or law gives the task?",
            "For which purposes exactly is this home used, and for which is it never to be used?",
        ),
    )


def _data(context: Context) -> Section:
    today = context.clock().date()
    with context.store.read() as reading:
        statuses, people = reading.cases.count_by_status(), count_people(reading)
        open_cases = reading.cases.list(status=CaseStatus.OPEN)
        reported = reading.sightings.count()
    ages = Counter(AgeBand.of(age_at(case.details, today)) for case in open_cases)
    figures = [(f"cases, {status.value}", str(count)) for status, count in statuses.items() if count]
    figures += [("sightings", str(reported)), ("people", str(people))]
    figures += [(f"children of open cases, aged {band.value} today", str(ages[band])) for band in AgeBand if ages[band]]
    kinds = (
        ("missing children", "photos, faces as numbers, name, birth date, marks, clothing, last place, references"),
        ("people on photos of sightings", "photos, faces as numbers, place and time, whether or not they are sought"),
        ("people beside a child on its photos", "their place on the photo; no numbers of their faces"),
        ("those who consent", "name, relationship, where the paper lies"),
        ("those who work here", "account, sign-ins, what they searched, saw and judged"),
    )
    return Section(
        "Whose data, which and how many",
        f"{_A}; {_PIPL}",
        told=(
            "Faces as numbers are biometric data (GDPR Art. 9, LED Art. 10); all data of children under 14 are "
            "sensitive (PIPL Art. 28).",
        ),
        tables=(Table(("whose", "which"), kinds), Table(("figure", "now"), tuple(figures))),
        questions=("Where do the photos of cases and of sightings come from, and what were those people told?",),
    )


def _storage(context: Context) -> Section:
    settings = context.settings
    host = urlsplit(settings.webhook_url).hostname if settings.webhook_url else None  # its path may hold a secret
    database = "a PostgreSQL server" if settings.database_url else f"a SQLite file in {context.home.root}"
    places = (
        ("records and embeddings", database),
        ("photos", str(context.home.photos)),
        ("vectors of open cases", str(context.home.snapshots)),
        ("backups", str(settings.backup_dir) if settings.backup_dir else "no folder is set"),
        ("keys of backups", str(settings.key_backup_dir) if settings.key_backup_dir else "no folder is set"),
        ("master key", context.keys.source.origin if context.keys.active else "none: nothing is encrypted"),
        ("list of what was erased", str(erasure_list.path_of(context))),
        ("e-mail", f"sent by {settings.smtp_host}" if settings.smtp_host else "none is sent"),
        ("other services", f"told at {host}" if host else "none is told"),
    )
    return Section(
        "Where it is kept, and for how long",
        f"{_A}; GDPR Art. 5(1)(e); {_PIPL}",
        told=("No photo and no number of a face leaves the home by itself, but into the folder of backups.",),
        tables=(Table(("what", "where"), places), Table(("setting", "days", "meaning"), _periods(settings))),
        questions=(
            "Why is each of these periods as long as it is, and no shorter?",
            "Where are further copies of backups kept, how long, and who can read them?",
        ),
    )


def _periods(settings: Settings) -> tuple[tuple[str, str, str], ...]:
    """Every setting that is a number of days: what is kept, and how long."""
    known = Settings.model_fields
    found = [(name, getattr(settings, name), known[name].description or "") for name in known if name.endswith("_days")]
    return tuple((name, "–" if value is None else f"{value:g}", text) for name, value, text in found)


def _access(context: Context) -> Section:
    with context.store.read() as reading:
        people = [one for one in reading.people.list() if one.active]
    counts = Counter(role for one in people for role in one.roles)
    rows = tuple(
        (role.value, str(counts[role]), ", ".join(right.value for right, roles in ALLOWED.items() if role in roles))
        for role in Role
    )
    return Section(
        "Who has access",
        f"{_A}; {_D}; {_PIPL}",
        told=("Whoever can read the files and the key of the home can read everything in it, whatever their role.",),
        tables=(Table(("role", "active accounts", "rights"), rows),),
        questions=("Who administers the machine and its backups, and how were all these people trained and vetted?",),
    )


def _necessity() -> Section:
    return Section(
        "Necessity and proportion",
        f"{_B}; {_PIPL}",
        questions=(
            "Why can the purpose not be reached with less data, fewer people or without faces?",
            "On which legal basis are the data of each group of people held, and how do these object, see and erase?",
            "How are the wishes of the child and of its guardians heard, and consents taken back?",
        ),
    )


def _risks(context: Context) -> Section:
    rows = []
    for name in models_of(context.settings.backend):
        try:
            about = card_of(context, name).about
        except MatcherError:
            rows.append((name, "no card is known", "not known"))
        else:
            rows.append((name, about.measured, about.weaknesses))
    return Section(
        "Risks to people",
        f"{_C}; {_LED}; {_PIPL}",
        told=(
            "Known limits of the models in use follow, as their cards tell them. Faces of small children resemble each "
            "other more than those of adults, siblings most, and a child who was missing for years looks different.",
        ),
        tables=(Table(("model", "measured", "weak at"), tuple(rows)),),
        questions=(
            "How often is the right child missed and a wrong one put first on photos like yours (`matcher evaluate`)?",
            "What happens to a child, a family or a bystander after a wrong match, and who notices it?",
            "What happens to them if photos, numbers or searches become known to others?",
        ),
    )


def _measures(context: Context) -> Section:
    return Section(
        "Measures against these risks",
        f"{_D}; GDPR Art. 32; {_LED}; {_PIPL}",
        told=("What was looked up in this home when the page was made:",),
        tables=(Table(("measure", "found"), tuple(measures(context))),),
        questions=(
            "Which measures outside this program (disk, network, building, contracts) protect it?",
            "Which risks remain, and who accepts them?",
        ),
    )


def _outcome() -> Section:
    return Section(
        "Who was asked, and what was decided",
        f"GDPR Art. 35(2), 35(9) and 36; LED Art. 28; {_PIPL}",
        told=(
            "China asks that such an assessment is kept for at least three years (PIPL Art. 56), and for a filing with "
            "the provincial cyberspace authority within 30 working days from 100,000 people on (Security Management "
            "Measures for the Application of Facial Recognition Technology, in force since 2025-06-01, Art. 15).",
        ),
        questions=(
            "What did the data protection officer, and people concerned or those who speak for them, say?",
            "Must an authority be asked or told before it begins?",
            "Who decided, on which day, and when is this looked at again?",
        ),
    )
