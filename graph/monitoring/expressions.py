"""When a schedule runs: AWS's expressions, `rate(…)`, and time zones.

    cron(0 * ? * * *)                    at each full hour, UTC, as at AWS
    cron(*/5 8-17 ? * MON-FRI *)         every five minutes on working days
    cron(30 2 ? * * *) Europe/Berlin     at 2:30 there
    rate(15 minutes)                     every quarter of an hour since 1970
    NOW                                  once, over the range that comes with it

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html. A time of the day that a zone
leaves out in spring is run as long after as the clock was put forward; one that it has twice in autumn is run once, the first
time. `rate` and UTC know neither.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from apscheduler.triggers.cron import CronTrigger

from graph.errors import InvalidError
from graph.times import from_ms, to_ms

NOW = "NOW"
CRON = re.compile(r"cron\(([^()]*)\)(?: +(\S+))?", re.ASCII)
RATE = re.compile(r"rate\((\d{1,6}) +(minute|hour|day)s?\)", re.ASCII)
UNITS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")
FIELDS = ("minute", "hour", "day", "month", "day_of_week", "year")
DISTANCES = (3_600_000, 86_400_000, 32 * 86_400_000, 367 * 86_400_000, 5 * 366 * 86_400_000)
"""How far before a time the one before it is looked for, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Times:
    """When a schedule runs; made by `times`.

    Attributes:
        period: of a rate, in milliseconds.
        trigger: of a cron expression.
    """

    text: str
    period: int | None = None
    trigger: CronTrigger | None = None

    @property
    def once(self) -> bool:
        """Whether it runs once, when it is made."""
        return self.period is None and self.trigger is None

    def after(self, at: int) -> int | None:
        """The first time past a time, both in epoch milliseconds; None when there is none."""
        if self.period is not None:
            return (at // self.period + 1) * self.period
        if self.trigger is None:
            return None
        found = self.trigger.get_next_fire_time(None, from_ms(at + 1))
        if found is None:
            return None
        found_ms = to_ms(found)
        # The second of two equal times of a day, when the clock is put back, is not another one.
        return found_ms if found.fold == 0 else self.after(found_ms)

    def before(self, at: int) -> int | None:
        """The last time before a time; None when there is none in the five years before."""
        if self.period is not None:
            return (at - 1) // self.period * self.period
        for distance in DISTANCES if self.trigger is not None else ():
            found, following = None, self.after(at - distance - 1)
            while following is not None and following < at:
                found, following = following, self.after(following)
            if found is not None:
                return found
        return None


@lru_cache(4096)
def times(text: str) -> Times:
    """When a schedule with this expression runs.

    Raises:
        InvalidError: it is no expression, or says a time that never comes.
    """
    if text == NOW:
        return Times(text)
    if (rate := RATE.fullmatch(text)) is not None:
        period = int(rate[1]) * UNITS[rate[2]]
        if period == 0:
            raise invalid(text, "a rate is at least a minute")
        return Times(text, period=period)
    if (cron := CRON.fullmatch(text)) is None:
        raise invalid(text, "expected cron(<minute> <hour> <day> <month> <weekday> <year>), rate(<n> minutes) or NOW")
    zone = cron[2] or "UTC"
    if zone not in available_timezones():
        raise invalid(text, f"{zone[:60]!r} is no time zone; expected a name such as Europe/Berlin")
    fields = cron[1].split()
    if len(fields) != len(FIELDS):
        raise invalid(text, f"it has {len(fields)} fields; expected {len(FIELDS)}: {', '.join(FIELDS)}")
    found = Times(text, trigger=_trigger(text, dict(zip(FIELDS, fields, strict=True)), zone))
    if found.after(to_ms(datetime.now(UTC))) is None:
        raise invalid(text, "it says no time that is still to come")
    return found


def invalid(text: str, why: str) -> InvalidError:
    """An expression that can't be used."""
    return InvalidError(
        f"The schedule expression {text[:120]!r} is invalid: {why}",
        path="ScheduleExpression",
        constraint="cron, rate, NOW",
    )


def _trigger(text: str, fields: dict[str, str], zone: str) -> CronTrigger:
    if fields["day"] not in ("*", "?") and fields["day_of_week"] not in ("*", "?"):
        raise invalid(text, "of day and weekday one has to be ? or *")
    day, week_day = fields["day"], fields["day_of_week"]
    # The days that a weekday names are days of the month to APScheduler: `3rd tue`, `last fri`.
    if (special := _weekday(text, week_day)) is not None:
        day, week_day = special, "*"
    else:
        week_day = _weekdays(text, week_day)
    if "W" in day.upper():
        raise invalid(text, "W (the nearest working day) can't be used")
    try:
        return CronTrigger(
            year=_every(fields["year"]),
            month=_every(fields["month"]),
            day="last" if day.upper() == "L" else _every(day),
            day_of_week=week_day,
            hour=_every(fields["hour"]),
            minute=_every(fields["minute"]),
            second="0",
            timezone=ZoneInfo(zone),
        )
    except ValueError as error:
        raise invalid(text, str(error)) from None


def _every(field: str) -> str:
    return "*" if field == "?" else field.lower()


def _weekday(text: str, field: str) -> str | None:
    """`3#2` is the second Tuesday, `6L` the last Friday."""
    if (found := re.fullmatch(r"([1-7]|[A-Za-z]{3})(?:#([1-5])|L)", field)) is None:
        return None
    return f"{ORDINALS[int(found[2]) - 1] if found[2] else 'last'} {_day(text, found[1])}"


def _weekdays(text: str, field: str) -> str:
    """Names for AWS's numbers, which count from Sunday; ranges may reach across the week's end."""
    if field in ("*", "?"):
        return "*"
    if field.upper() == "L":
        return "sat"
    days: list[str] = []
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = 0 if first == "*" else DAYS.index(_day(text, first))
        end = DAYS.index(_day(text, last)) if last else (6 if step or first == "*" else begin)
        if step and (not step.isdecimal() or int(step) == 0):
            raise invalid(text, f"{part!r} is no weekday")
        count = (end - begin) % 7 + 1
        days += [DAYS[(begin + index) % 7] for index in range(0, count, int(step or 1))]
    return ",".join(dict.fromkeys(days))


def _day(text: str, name: str) -> str:
    if name.isdecimal() and 1 <= int(name) <= 7:
        return DAYS[int(name) - 1]
    if name.lower() in DAYS:
        return name.lower()
    raise invalid(text, f"{name!r} is no weekday; expected 1 to 7 or SUN to SAT")


DURATION = re.compile(
    r"(-?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:(T)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?(?:(\d{1,5})D)?)?", re.ASCII
)


def offset(text: str) -> timedelta:
    """An offset such as `-PT1H`; also the `-PT2D` of AWS's documentation, which means two days.

    Raises:
        InvalidError: it is no such duration, or not before the time of the run.
    """
    found = DURATION.fullmatch(text)
    if found is None or not any(found.group(2, 3, 5, 6, 7, 8)):
        raise InvalidError(
            f"{text[:40]!r} is no offset; expected an ISO 8601 duration before the run, such as -PT1H or -P1D",
            path="StartTimeOffset",
            constraint="-P…",
        )
    sign, weeks, days, _, hours, minutes, seconds, sloppy = found.groups()
    length = timedelta(
        weeks=int(weeks or 0),
        days=int(days or 0) + int(sloppy or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
    )
    if length and not sign:
        raise InvalidError(
            f"{text[:40]!r} lies after the run; an offset begins with '-'", path="StartTimeOffset", constraint="-P…"
        )
    return -length
