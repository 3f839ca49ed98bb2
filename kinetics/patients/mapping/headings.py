"""Headings of columns: what the usual ones mean, which are personal, and the unit in their brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kinetics.errors import UnitError
from kinetics.files.tables import PERSON
from kinetics.units import laboratory_unit, percent_of


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_PATIENT = (*_names("usubjid patient id subject subjid"), *sorted(PERSON))
_MOMENT = {
    "patient": _PATIENT,
    "time": _names("time afrlt day days week weeks month months hour hours year years t tag woche monat stunde jahr"),
    "date": _names(
        "date visitdate sampledate datesampled collectiondate labdate datum datetime dateofsample dateofvisit "
        "dosedate dateofdose startdate treatmentdate infusiondate adt adtm udtc lbdtc exstdtc"
    ),
    "clock": _names("clock timeofday clocktime uhrzeit"),
    "occasion": _names("occ occasion"),
}
COUNTS: Mapping[str, tuple[str, ...]] = {
    **_MOMENT,
    "study_day": _names("ady studyday"),
    "analyte": _names(
        "analyte test testname marker parameter param paramcd assay measurement lbtestcd lbtest analyt parametername "
        "population subset"
    ),
    "value": _names("value result aval count dv concentration conc wert ergebnis lbstresn y"),
    "unit": _names("unit units resultunit avalu lbstresu einheit"),
    "limit": _names(
        "lowerlimit lloq loq limit lowerlimitofquantification lowerlimitofquantitation detectionlimit "
        "limitofquantification alloq lod bestimmungsgrenze nachweisgrenze nwg"
    ),
    "below": _names("blqfl blq bloq bql"),
    "censored": _names("cens censored"),
}
EVENTS: Mapping[str, tuple[str, ...]] = {
    **_MOMENT,
    "date": _names("date dat1 dat2 dat3 udtc adtm"),
    "analyte": _names("dvid ytype paramcd"),
    "value": _names("dv aval conc concentration y cp"),
    "unit": _names("avalu unit dvu"),
    "limit": _names("lloq alloq loq"),
    "below": _names("blqfl blq bloq bql"),
    "censored": _names("cens"),
    "bound": _names("limit"),
    "missing": _names("mdv"),
    "event": _names("evid"),
    "amount": _names("amt amount dose"),
    "rate": _names("rate"),
    "interval": _names("ii"),
    "additional": _names("addl"),
    "steady_state": _names("ss"),
    "compartment": _names("cmt adm"),
    "drug": _names("drug"),
}
DOSES: Mapping[str, tuple[str, ...]] = {
    **_MOMENT,
    "drug": _names("drug treatment medication product substance extrt trt medikament agent"),
    "amount": _names("amount dose amt exdose dosis menge"),
    "unit": _names("unit units doseunit amountunit exdosu einheit"),
    "duration": _names("duration infusiontime infusionduration durationofinfusion dauer"),
}
_COVARIATES = _names(
    "wt wtbl weight age sex gender ht htbl height bmi bsa race crcl egfr creat creatbl alt ast alb albumin group arm "
    "cohort formulation smoker gewicht alter geschlecht"
)

_BOOKKEEPING = _names(
    "aprlt nfrlt nprlt dosea dvl lndv ldv lnc base chg pchg visit visitnum visitno avisitn studyid site siteid centre "
    "center tad tafd occ occasion seq line row no nr ady c"
)

_NUMBER = r"(?:numbers?|no|nr|nummer|id)"
_PERSONAL = re.compile(
    r"(?:patient(?:s|en|in)?|pat|subjects?|persons?|pt|physicians?|doctors?)?(?:"
    r"(?:(?:family|first|last|given|middle|birth|maiden|full|sur|fore|legal|vor|nach|familien|geburts)?namen?s?"
    r"(?:first|last|given|family)?(?:and|(?:of|des|der)(?:the)?(?:patient(?:en|in)?|subject|person))?)+"
    r"|prenom|nom(?:defamille)?|cognome|apellidos?|nombre"
    r"|initials?|initialen"
    r"|dob|yob|(?:(?:date|year|month|place)of)?birth(?:day|date|dat|year|place)?|brthdtc"
    r"|geb(?:urts|oren)?(?:dat|datum|tag|jahr|ort|am)?|datedenaissance|fechadenacimiento|datadinascita|f[øo]dselsdato"
    r"|(?:home|street|postal|email|e?mail|ip)?address(?:es|line)?[0-9]?|adresse|anschrift|street|strasse|straße"
    r"|city|town|(?:wohn)?ort|zip(?:code)?|post(?:al)?code|plz|e?mail"
    rf"|(?:(?:tele|mobile|cell)?phone|tel|telefon|mobile|handy){_NUMBER}?|fax|contact"
    r"|(?:mrn|medicalrecord|nhs|ssn|socialsecurity|insurance|passport|ahv|svnr|cpr|uhid|versicherten|versicherungs"
    rf"|sozialversicherungs|krankenkassen?){_NUMBER}?|(?:hosp|hospital|national){_NUMBER}|codicefiscale"
    r"|nextofkin|(?:treating|attending|referring)?(?:doctor|physician|consultant|gp)(?:name)?|(?:haus)?arzt"
    r")"
)
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]+)[)\]]\s*$")


def plain(heading: str) -> str:
    """A heading without the unit in its brackets, capitals, spaces and signs.

    Examples
    --------
    >>> plain("Patient ID"), plain("Time (h)"), plain("date_of_birth")
    ('patientid', 'time', 'dateofbirth')
    """
    text = _BRACKETS.sub("", heading)
    return re.sub(r"[\W_]+", "", text or heading).casefold()


def is_personal(heading: str) -> bool:
    """Whether a column is about who a patient is: such columns are never read.

    Examples
    --------
    >>> [is_personal(text) for text in ("Name", "Date of birth", "MRN", "Test name", "USUBJID", "Age")]
    [True, True, True, False, False, False]
    """
    return _PERSONAL.fullmatch(plain(heading)) is not None


def unit_in_brackets(text: str) -> str | None:
    """The unit in brackets at the end of a heading or of a name, if it is one.

    Examples
    --------
    >>> unit_in_brackets("Count abs (10^9/L)"), unit_in_brackets("Time [h]"), unit_in_brackets("Value (repeat)")
    ('10^9/L', 'h', None)
    """
    match = _BRACKETS.search(text)
    if match is None:
        return None
    unit = match[1].strip()
    try:
        if percent_of(unit) is None:
            laboratory_unit(unit)
    except UnitError:
        return None
    return unit


def roles(header: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The heading of each meaning that a header has; of several that are usual, the most usual."""
    by_plain: dict[str, str] = {}
    for heading in header:
        by_plain.setdefault(plain(heading), heading)
    found = {role: next((name for name in names if name in by_plain), None) for role, names in known.items()}
    return {role: by_plain[name] for role, name in found.items() if name is not None}


def is_header(cells: Iterable[str]) -> bool:
    """Whether cells are the header of a table of patients: one says whose rows are, and one more is usual."""
    header = [cell for cell in cells if cell.strip()]
    found = set[str]()
    for known in (COUNTS, EVENTS, DOSES):
        found |= roles(header, known).keys()
    return "patient" in found and len(found) > 1


def has_events(header: Sequence[str]) -> bool:
    """Whether a header is of the rows of NONMEM, or of an ADPPK, which follow it: with amounts beside values."""
    found, named = roles(header, EVENTS), "analyte" in roles(header, COUNTS) and "dvid" not in map(plain, header)
    return "event" in found or ("amount" in found and "value" in found and not named)


def is_bookkeeping(heading: str) -> bool:
    """Whether a column numbers rows, visits or places, or repeats another: neither a covariate nor a measurement."""
    return plain(heading) in _BOOKKEEPING


def is_usual_covariate(heading: str) -> bool:
    """Whether a column of this heading is usually a covariate."""
    return plain(heading) in _COVARIATES
