"""Every error that this package raises on purpose.

    MatcherError
    ├── WrongUse              a value, an argument or a combination that cannot be meant
    │   └── SpaceMismatch     vectors of two embedding spaces were brought together
    ├── SomeRefused           the work is done, but some rows or photos were refused
    ├── StepsFailed           some steps of a night failed, the others are done
    ├── Held                  a brake asks a person before anything is removed
    ├── NotSignedIn           nobody is signed in, or the password, session or key is not valid (any more)
    ├── NotPermitted          the person who is signed in may not do or see this
    ├── TooMany               too many attempts: wait
    ├── NotFound              no case, sighting, photo, face or candidate of that name
    │   └── HomeMissing       no home folder there
    ├── Conflict              what is asked contradicts what is stored
    │   ├── MoveNotAllowed    a status cannot be reached from the present one
    │   └── Busy              another process holds what is needed; try again
    ├── Stopped               somebody stopped this home: it is read-only
    ├── PhotoRefused          bytes that are no photo, or no photo that can be taken
    ├── ModelProblem          a face model is absent, damaged or gives wrong numbers
    ├── StoreProblem          the database or the photo store cannot be used
    │   └── KeyProblem        the home's key is missing, unreadable or another one, or a data key was destroyed
    ├── Damaged               stored bytes are not what was written: snapshot, blob or audit chain
    └── ExtraMissing          an optional dependency is not installed

A message is one clear sentence that names the file, row or id, and the next step. One that people may read on the desk
is a `Wording`, which is said there in their language, and has what is to be typed next as its `step`. `code` is the
word that services and logs see, `exit_code` ends the command line, `http_status` answers over HTTP. All three are class
attributes: read them from the class or the instance.
"""

from __future__ import annotations

from typing import ClassVar


class MatcherError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, *, step: str | None = None) -> None:
        """`message` is what every reader is told; `step` is what to type next, for those at a command line."""
        self.message = message or self.__doc__ or self.code
        super().__init__(self.message if step is None else f"{self.message.removesuffix('.')}: {step}")


class WrongUse(MatcherError):
    """This value or combination of values cannot be used."""

    code = "wrong_use"
    exit_code = 2
    http_status = 400


class SpaceMismatch(WrongUse):
    """Vectors of two embedding spaces cannot be compared."""

    code = "space_mismatch"


class SomeRefused(MatcherError):
    """Done, but some rows were refused."""

    code = "some_refused"
    exit_code = 3
    http_status = 422


class StepsFailed(MatcherError):
    """Some steps failed, the others are done."""

    code = "steps_failed"
    exit_code = 14


class Held(MatcherError):
    """This waits until a person has said that it is meant."""

    code = "held"
    exit_code = 15
    http_status = 409


class NotSignedIn(MatcherError):
    """Nobody is signed in: `matcher login`."""

    code = "not_signed_in"
    exit_code = 11
    http_status = 401


class NotPermitted(MatcherError):
    """This account may not do this."""

    code = "not_permitted"
    exit_code = 12
    http_status = 403


class TooMany(MatcherError):
    """Too many attempts: wait a while. `seconds` says how long at most."""

    code = "too_many"
    exit_code = 13
    http_status = 429

    def __init__(self, message: str | None = None, *, step: str | None = None, seconds: int = 60) -> None:
        super().__init__(message, step=step)
        self.seconds = seconds


class NotFound(MatcherError):
    """Nothing of that name is here."""

    code = "not_found"
    exit_code = 4
    http_status = 404


class HomeMissing(NotFound):
    """There is no home folder here: create one with `matcher init`."""

    code = "home_missing"


class Conflict(MatcherError):
    """This contradicts what is stored."""

    code = "conflict"
    exit_code = 5
    http_status = 409


class MoveNotAllowed(Conflict):
    """This status cannot be reached from the present one."""

    code = "move_not_allowed"


class Busy(Conflict):
    """Another process is at work on this: try again in a moment."""

    code = "busy"
    http_status = 503


class Stopped(MatcherError):
    """This home was stopped: it can be read, and `matcher start` lets it be changed again."""

    code = "stopped"
    exit_code = 16
    http_status = 503


class PhotoRefused(MatcherError):
    """This file cannot be used as a photo."""

    code = "photo_refused"
    exit_code = 6
    http_status = 422


class ModelProblem(MatcherError):
    """A face model cannot be used: run `matcher doctor`."""

    code = "model_problem"
    exit_code = 7
    http_status = 503


class StoreProblem(MatcherError):
    """The store cannot be used: run `matcher doctor`."""

    code = "store_problem"
    exit_code = 8
    http_status = 503


class KeyProblem(StoreProblem):
    """The key of this home cannot be used: run `matcher doctor`."""

    code = "key_problem"


class Damaged(MatcherError):
    """Stored bytes are not what was written: run `matcher doctor`."""

    code = "damaged"
    exit_code = 9


class ExtraMissing(MatcherError):
    """An optional dependency is not installed."""

    code = "extra_missing"
    exit_code = 10
    http_status = 501
