"""Calendar dates of cells: ISO, typed cells of a workbook, or a format that is stated."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache

from kinetics.errors import InputError
from kinetics.patients.tables.cells import Cell, cell_text
from kinetics.text.escaping import one_line
from kinetics.units import read_number

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9:]+)?")
_PARTIAL = re.compile(r"[0-9]{4}(?:-[0-9]{2})?")
_SINCE = re.compile(r"days since ([0-9]{4}-[0-9]{2}-[0-9]{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TOKENS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<year>[0-9]{2})",
    "MON": rf"(?P<word>(?i:{'|'.join(_MONTHS)}))[A-Za-z]*",
    "MM": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{1,2})",
    "hh": r"(?P<hour>[0-9]{1,2})",
    "mm": r"(?P<minute>[0-9]{2})",
    "ss": r"(?P<second>[0-9]{2})",
}
_TOKEN = re.compile("|".join(_TOKENS))
_CLOCK = re.compile(r"([0-9]{1,4}):([0-9]{2})(?::([0-9]{2}))?")
COMMON_FORMATS = ("DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "YYYY/MM/DD", "YYYYMMDD")
COMMON_FORMATS += ("DDMONYYYY", "DD-MON-YYYY", "DD MON YYYY", "DD.MM.YY", "MM/DD/YY", "DD/MM/YY")


class DateFormat:
    """A stated format of dates, such as ``DD.MM.YYYY``, ``MM/DD/YYYY hh:mm`` or ``days since 1970-01-01``.

    Raises
    ------
    InputError
        If it names no day, month and year.

    Examples
    --------
    >>> DateFormat("DD.MM.YYYY").read("31.12.2020").isoformat()
    '2020-12-31T00:00:00'
    >>> DateFormat("days since 1970-01-01").read(16065.5).isoformat()
    '2013-12-26T12:00:00'
    """

    def __init__(self, text: str) -> None:
        self.text = text
        since = _SINCE.fullmatch(text.strip())
        self._since = _iso(since[1]) if since else None
        names = [match[0] for match in _TOKEN.finditer(text)]
        dated = sum(name in ("YYYY", "YY") for name in names) == sum(name in ("MM", "MON") for name in names) == 1
        if self._since is None and not (dated and names.count("DD") == 1 and len(set(names)) == len(names)):
            such = "'DD.MM.YYYY', 'MM/DD/YYYY hh:mm', 'DDMONYYYY' or 'days since 1970-01-01'"
            raise InputError(f"'{text[:40]}' is no format of dates; write one such as {such}")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, end = [], 0
        for match in _TOKEN.finditer(self.text):
            parts += [re.escape(self.text[end : match.start()]), _TOKENS[match[0]]]
            end = match.end()
        return re.compile("".join(parts) + re.escape(self.text[end:]))

    def read(self, cell: Cell) -> datetime:
        """The moment; `InputError` if the cell is none in this format."""
        text = cell_text(cell)
        if self._since is not None:
            number = read_number(text)
            if number is None or abs(number) > 10**6:
                raise InputError(f"is no number of {self.text}: '{one_line(text[:40])}'")
            return later(self._since, timedelta(days=number))
        match = self._pattern.fullmatch(text)
        if match is None:
            raise InputError(f"is no date in the format {self.text}: '{one_line(text[:40])}'")
        parts = match.groupdict()
        month = parts.get("month") or _MONTHS.index(parts["word"].casefold()) + 1
        year = int(parts["year"])
        if len(parts["year"]) == 2:  # as POSIX reads two digits
            year += 2000 if year < 69 else 1900
        hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
        try:
            return datetime(year, int(month), int(parts["day"]), hour, minute, second)
        except ValueError as error:
            raise InputError(f"is no date in the format {self.text}: '{one_line(text[:40])}' ({error})") from error


@lru_cache(maxsize=65536, typed=True)
def read_moment(cell: Cell, stated: DateFormat | None = None) -> datetime:
    """Read a date, with or without the time of day, without a zone; one with a zone is turned into UTC.

    Raises
    ------
    InputError
        If it is neither ISO nor in the ``stated`` format.

    Examples
    --------
    >>> read_moment("2020-12-31T08:30").isoformat()
    '2020-12-31T08:30:00'
    >>> read_moment("31/12/2020")
    Traceback (most recent call last):
    kinetics.errors.InputError: is no ISO date such as 2020-12-31: '31/12/2020'; state [time] date_format, such as ...
    """
    if isinstance(cell, datetime):
        return _without_zone(cell)
    if isinstance(cell, date):
        return datetime.combine(cell, time())
    if stated is not None:
        return stated.read(cell)
    text = cell_text(cell)
    if is_iso(text):
        return _iso(text)
    shown = one_line(text[:40])
    if _PARTIAL.fullmatch(text):
        raise InputError(f"has no day: '{shown}'; write the whole date, such as 2020-12-31")
    likely = formats_of([text])
    such = likely[0] if likely else "days since 1899-12-30" if read_number(text) is not None else "DD.MM.YYYY"
    raise InputError(f"is no ISO date such as 2020-12-31: '{shown}'; state [time] date_format, such as '{such}'")


def is_iso(text: str) -> bool:
    """Whether a text is written as an ISO date, of a day that there may not be.

    Examples
    --------
    >>> is_iso("2020-02-30"), is_iso("30.02.2020")
    (True, False)
    """
    return _ISO.fullmatch(text) is not None


def formats_of(texts: list[str]) -> list[str]:
    """The common formats in which all texts are dates.

    Examples
    --------
    >>> formats_of(["31.12.2020"]), formats_of(["03/04/2020"]), formats_of(["03/04/2020", "03/25/2020"])
    (['DD.MM.YYYY'], ['DD/MM/YYYY', 'MM/DD/YYYY'], ['MM/DD/YYYY'])
    """
    return [form for form in COMMON_FORMATS if texts and all(_is_in(DateFormat(form), text) for text in texts)]


def _is_in(form: DateFormat, text: str) -> bool:
    try:
        return bool(form.read(text))
    except InputError:
        return False


def clock_hours(cell: Cell) -> float | None:
    """A time of day such as ``8:30`` in hours, which may be more than 24; None if a cell is none."""
    if isinstance(cell, time):
        return cell.hour + cell.minute / 60 + cell.second / 3600
    match = _CLOCK.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return None
    return int(match[1]) + int(match[2]) / 60 + int(match[3] or 0) / 3600


def _iso(text: str) -> datetime:
    try:
        return _without_zone(datetime.fromisoformat(text))
    except ValueError as error:
        raise InputError(f"is no date: '{text}' ({error})") from error


def _without_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment
    offset = moment.utcoffset() or timedelta()
    return later(moment.replace(tzinfo=None), -offset)


def later(moment: datetime, by: timedelta) -> datetime:
    """A moment so much later; `InputError` if it is before the year 1 or after 9999."""
    try:
        return moment + by
    except OverflowError as error:
        raise InputError(f"is no date of the years 1 to 9999: {moment.date()} and {by.days} days") from error
