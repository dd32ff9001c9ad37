"""``adequacy request``: open, decide, confirm, follow and count requests."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from adequacy.cli import desk
from adequacy.cli.check import configured_index
from adequacy.cli.options import Book, Format, Net, Plan, Rules, examples
from adequacy.cli.streams import STREAM, writing

__all__ = ["app", "register"]

app = typer.Typer(
    help="Work requests: open, decide, confirm, follow their clocks.", rich_markup_mode=None, no_args_is_help=True
)

Request = Annotated[
    str, typer.Argument(metavar="ID", help="The request.", callback=lambda typed: typed.strip().upper())
]
Zip = Annotated[str | None, typer.Option("--zip", metavar="ZIP", help="ZIP of the consumer: the whole area.")]
Point = Annotated[str | None, typer.Option("--point", metavar="LAT,LON", help="Point of the consumer.")]
Address = Annotated[
    str | None, typer.Option("--address", metavar="TEXT", help="Address of the consumer; '-' reads it from stdin.")
]
Npi = Annotated[str | None, typer.Option("--requester-npi", metavar="NPI", help="NPI of the provider who asks.")]
Type = Annotated[
    str | None, typer.Option("--provider-type", metavar="TEXT", help="Type of provider, as the application says.")
]
SiteZip = Annotated[str | None, typer.Option("--site-zip", metavar="ZIP", help="ZIP of the requester's site.")]
SiteAddress = Annotated[
    str | None, typer.Option("--site-address", metavar="TEXT", help="Address of the requester's site.")
]
SitePoint = Annotated[str | None, typer.Option("--site-point", metavar="LAT,LON", help="Point of that site.")]
Taxonomy = Annotated[str | None, typer.Option("--taxonomy", metavar="CODE", help="Taxonomy it would bill under.")]
Reference = Annotated[
    str | None, typer.Option("--consumer-ref", metavar="REF", help="Reference number of the consumer.")
]
RequestedBy = Annotated[
    str | None, typer.Option("--requested-by", metavar="provider|member", help="Who wants this provider.")
]
Age = Annotated[str | None, typer.Option("--age", metavar="YEARS", help="Age of the consumer.")]
Funding = Annotated[str | None, typer.Option("--funding", metavar="medicaid|state", help="Who pays.")]
Population = Annotated[
    str | None, typer.Option("--population", metavar="WORD", help="A population word of the roster.")
]
County = Annotated[str | None, typer.Option("--county-fips", metavar="FIPS", help="County of eligibility.")]
Specific = Annotated[str | None, typer.Option("--client-specific", metavar="Y|N|U", help="Pre-screen; UM decides.")]
Nctracks = Annotated[str | None, typer.Option("--nctracks", metavar="Y|N|U", help="Active for service and site.")]
Accessible = Annotated[
    str | None, typer.Option("--accessible", metavar="Y|N|U", help="A contracted site takes the consumer.")
]
Level = Annotated[str | None, typer.Option("--level", metavar="inpatient|non-inpatient", help="Level of care.")]
Admitted = Annotated[str | None, typer.Option("--admitted", metavar="TIMESTAMP", help="Moment of admission.")]
Part2 = Annotated[str | None, typer.Option("--part2", metavar="Y|N", help="Substance-use record (42 CFR Part 2).")]
Channel = Annotated[str | None, typer.Option("--channel", metavar="TEXT", help="How it came in.")]
Specialty = Annotated[
    str | None, typer.Option("--specialty", metavar="TEXT", help="Specialty or other pertinent information.")
]
Urgent = Annotated[bool, typer.Option("--urgent", help="Needed at once.")]
InTreatment = Annotated[bool, typer.Option("--in-treatment", help="Already in treatment with the requester.")]


def register(application: typer.Typer) -> None:
    """Add the command group."""
    application.add_typer(app, name="request")


@app.command(
    name="open",
    epilog=examples(
        "adequacy request open --file requests.csv",
        "adequacy request open --service SAIOP --zip 27546 --consumer-ref REF-7",
        '--received 2026-11-02T09:30 --requester "A Clinic"',
    ),
)
def open_(
    service: Annotated[
        str | None, typer.Option("--service", metavar="SERVICE", help="Key, staff term, abbreviation or code.")
    ] = None,
    zip: Zip = None,
    point: Point = None,
    address: Address = None,
    received: Annotated[str | None, typer.Option("--received", metavar="TIMESTAMP", help="When it came in.")] = None,
    requester: Annotated[
        str | None, typer.Option("--requester", metavar="NAME", help="Name of the provider who asks.")
    ] = None,
    requester_npi: Npi = None,
    provider_type: Type = None,
    site_zip: SiteZip = None,
    site_address: SiteAddress = None,
    site_point: SitePoint = None,
    taxonomy: Taxonomy = None,
    consumer_ref: Reference = None,
    member: Annotated[
        str | None, typer.Option("--member", metavar="ID", help="Member id in the file of --members.")
    ] = None,
    members: Annotated[
        str | None, typer.Option("--members", metavar="FILE", help="The plan's eligibility file.")
    ] = None,
    requested_by: RequestedBy = None,
    age: Age = None,
    funding: Funding = None,
    population: Population = None,
    county_fips: County = None,
    urgent: Urgent = False,
    in_treatment: InTreatment = False,
    client_specific: Specific = None,
    nctracks: Nctracks = None,
    accessible: Accessible = None,
    par: Annotated[
        str | None, typer.Option("--par", metavar="REF", help="Reference of the application; several share it.")
    ] = None,
    level: Level = None,
    admitted: Admitted = None,
    part2: Part2 = None,
    channel: Channel = None,
    specialty: Specialty = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FORM", help="A form of several: .csv, .toml or .json.")
    ] = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Open a request, or all of a form; prints the id."""
    given = {name: value for name, value in locals().items() if name not in _NO_FACTS}
    rules = desk.books_policy(plan, policy)
    requests = desk.requests_of(given, file, rules)
    with desk.open_book(casebook, rules, create=True) as book:
        ids = book.open_requests(requests, now=desk.now())
        desk.warn_of_the_future(requests)
        desk.show(*desk.opened(book, ids), output)


_NO_FACTS = ("file", "casebook", "plan", "policy", "output")


@app.command(
    epilog=examples("adequacy request show REQ-2026-000001", "adequacy request show REQ-2026-000001 --format json")
)
def show(
    request_id: Request, casebook: Book = None, plan: Plan = None, policy: Rules = None, output: Format = "text"
) -> None:
    """Show one request: state, facts, decision, clocks, events, what is allowed now."""
    from adequacy.casebook.view import case_view
    from adequacy.outputs.request_page import case_page

    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules) as book:
        view = case_view(book, request_id)
    desk.show(view, case_page(view, rules.letters), output)


@app.command(
    name="list", epilog=examples("adequacy request list", "adequacy request list --state PEND_INFO --format json")
)
def list_(
    state: Annotated[str, typer.Option("--state", metavar="STATE", help="Only this state.")] = "",
    service: Annotated[str, typer.Option("--service", metavar="SERVICE", help="Only this service.")] = "",
    par: Annotated[str, typer.Option("--par", metavar="REF", help="Only this application.")] = "",
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """List requests, oldest first."""
    from adequacy.casebook.lists import listed
    from adequacy.outputs.request_page import list_page

    rules = desk.books_policy(plan, policy)
    key = rules.services.find(service).key if service else ""
    with desk.open_book(casebook, rules) as book:
        rows = listed(book, state=state, service_key=key, par=par)
    desk.show(rows, list_page(rows), output)


@app.command(
    epilog=examples(
        "adequacy request decide REQ-2026-000001", "adequacy request decide REQ-2026-000001 --record r.json"
    )
)
def decide(
    request_id: Request,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day whose roster decides; the day of --at.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIMESTAMP", help="When it was decided; now.")] = None,
    record: Annotated[
        str | None, typer.Option("--record", metavar="FILE.json", help="Write the frozen record.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")] = "",
    network: Net = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Decide a request: finding, rules in plain words, letter, clock, what is still to verify."""
    from adequacy.cli.check import open_configured
    from adequacy.determination import write_record
    from adequacy.outputs.request_page import decision_page

    moment = desk.moment(at, desk.books_policy(plan, policy)) if at else None
    day = as_of or (desk.day_at_plan(moment, desk.books_policy(plan, policy)) if moment else None)
    with open_configured(network, plan, policy, day) as net, desk.open_book(casebook, net.policy) as book:
        made = desk.decide(book, net, request_id, as_of, moment, by)
    page = decision_page(made, net.policy.letters, request_id)
    if record:
        with writing(record, suffix=".json") as target:
            write_record(made, target)
    if record == STREAM:
        # the record is the data then, and the page is words
        sys.stderr.write(page)
    else:
        desk.show(made, page, output)


@app.command(
    epilog=examples(
        'adequacy request confirm REQ-2026-000001 --by "A. Lee"',
        'adequacy request confirm REQ-2026-000001 --by "A. Lee" --second "B. Cruz"',
    )
)
def confirm(
    request_id: Request,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The person who confirms.")],
    at: Annotated[str | None, typer.Option("--at", metavar="TIMESTAMP", help="When; now.")] = None,
    second: Annotated[str, typer.Option("--second", metavar="NAME", help="A second person who looked at it.")] = "",
    override: Annotated[
        str,
        typer.Option("--override", metavar="LETTER|OUTCOME", help="Decided otherwise than the table; needs --reason."),
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it is overridden; no name of a consumer.")
    ] = "",
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Confirm, by name, what is to leave; a letter is a draft until then. An override leaves the record as it is."""
    from adequacy.casebook.view import case_view
    from adequacy.outputs.request_page import confirmed_page

    rules, now = desk.books_policy(plan, policy), desk.now()
    said = {"second": second, "override": override, "reason": reason}
    with desk.open_book(casebook, rules) as book:
        book.confirm(request_id, by, at=desk.moment_told(at, rules), now=now, **said)
        view = case_view(book, request_id)
    desk.show(view, confirmed_page(view), output)


@app.command(
    epilog=examples(
        "adequacy request event REQ-2026-000001 letter_sent",
        "adequacy request event REQ-2026-000013 contacted --site SUB-09648",
        '--by "A. Lee" --result full',
    )
)
def event(
    request_id: Request,
    name: Annotated[str, typer.Argument(metavar="NAME", help="completed, contacted, list_sent, sar_sent, ...")],
    at: Annotated[str, typer.Option("--at", metavar="TIMESTAMP", help="When it happened; now.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")] = "",
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="A note; no name of a consumer.")] = None,
    site: Annotated[str | None, typer.Option("--site", metavar="ID", help="contacted: the site phoned.")] = None,
    result: Annotated[
        str | None, typer.Option("--result", metavar="WORD", help="accepting, waitlist, full or no_answer.")
    ] = None,
    first_appt: Annotated[str | None, typer.Option("--first-appt", metavar="DATE", help="First appointment.")] = None,
    attachments: Annotated[
        str | None, typer.Option("--attachments", metavar="LIST", help="sar_received: assessment,plan,order or none.")
    ] = None,
    authorization: Annotated[
        str | None, typer.Option("--authorization", metavar="NUMBER", help="um_approved: its number.")
    ] = None,
    delivered: Annotated[
        str | None, typer.Option("--delivered", metavar="TIMESTAMP", help="sar_sent, packet_sent: when it arrived.")
    ] = None,
    zip: Zip = None,
    point: Point = None,
    address: Address = None,
    requester_npi: Npi = None,
    provider_type: Type = None,
    site_zip: SiteZip = None,
    site_address: SiteAddress = None,
    site_point: SitePoint = None,
    taxonomy: Taxonomy = None,
    consumer_ref: Reference = None,
    requested_by: RequestedBy = None,
    age: Age = None,
    funding: Funding = None,
    population: Population = None,
    county_fips: County = None,
    urgent: Annotated[str | None, typer.Option("--urgent", metavar="Y|N", help="Needed at once.")] = None,
    in_treatment: Annotated[
        str | None, typer.Option("--in-treatment", metavar="Y|N", help="In treatment there.")
    ] = None,
    client_specific: Specific = None,
    nctracks: Nctracks = None,
    accessible: Accessible = None,
    level: Level = None,
    admitted: Admitted = None,
    part2: Part2 = None,
    specialty: Specialty = None,
    network: Net = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Record what happened; completed and corrected take facts, contacted a call. Out of order is refused."""
    given = {option: value or "" for option, value in locals().items() if option not in _NO_OPTIONS}
    from adequacy.casebook.entries import record_event

    rules = desk.books_policy(plan, policy)
    told = desk.moment_told(at, rules)
    sites = desk.sites_by_service(network, plan, policy, told, rules)
    with desk.open_book(casebook, rules) as book:
        case = record_event(
            book, request_id, name, given, at=at, by=by, now=desk.now(), index=configured_index(), sites=sites
        )
    desk.warn_of_the_order(case, rules)
    sys.stdout.write(f"{request_id}: {name} recorded, now {case.state}\n")


_NO_OPTIONS = ("request_id", "name", "at", "by", "network", "casebook", "plan", "policy")


@app.command(epilog=examples("adequacy request due", "adequacy request due --ics due.ics"))
def due(
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="TIMESTAMP", help="Moment asked about; now.")] = None,
    ics: Annotated[str | None, typer.Option("--ics", metavar="FILE", help="Write a calendar file.")] = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """List what is due, overdue first."""
    from adequacy.casebook.lists import due as running
    from adequacy.cli.check import write_text
    from adequacy.outputs.ics import calendar
    from adequacy.outputs.request_page import due_page

    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules) as book:
        rows = [row.to_dict() for row in running(book, desk.moment(as_of, rules))]
    if ics:
        write_text(calendar(rows, desk.now(), rules.plan.timezone), ics)
    if ics != STREAM:
        desk.show(rows, due_page(rows), output)


@app.command(
    name="call-sheet", epilog=examples("adequacy request call-sheet", "adequacy request call-sheet --format json")
)
def call_sheet(
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="TIMESTAMP", help="Moment asked about; now.")] = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """List whom to phone today, and why."""
    from adequacy.casebook.lists import call_sheet as calls
    from adequacy.outputs.request_page import calls_page

    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules) as book:
        rows = [call.to_dict() for call in calls(book, desk.moment(as_of, rules))]
    desk.show(rows, calls_page(rows), output)


@app.command(epilog=examples("adequacy request stats", "adequacy request stats --since 2026-01-01 --format json"))
def stats(
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Received on or after.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Received on or before.")] = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
    output: Format = "text",
) -> None:
    """Count requests: states, outcomes, days to answer, on-time share, gaps by service and county."""
    from adequacy.casebook.lists import stats as counted
    from adequacy.clocks import read_date
    from adequacy.outputs.request_page import stats_page

    rules = desk.books_policy(plan, policy)
    days = {name: read_date(text) if text else None for name, text in (("since", since), ("until", until))}
    with desk.open_book(casebook, rules) as book:
        counts = counted(book, **days)
    desk.show(counts, stats_page(counts), output)


@app.command(
    epilog=examples(
        "adequacy request letter REQ-2026-000001 --out letter.docx",
        "adequacy request letter REQ-2026-000001 --out letter.txt --on 2026-11-03",
    )
)
def letter(
    request_id: Request,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="File to write: .docx, .txt, .html or .pdf; - prints it.")
    ],
    code: Annotated[str, typer.Option("--letter", metavar="CODE", help="The letter; else the one due now.")] = "",
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Day of the letter; today.")] = None,
    missing: Annotated[str, typer.Option("--missing", metavar="TEXT", help="What else a request lacks (L0).")] = "",
    templates: Annotated[
        str | None, typer.Option("--templates", metavar="DIR", help="Folder of the plan's own templates.")
    ] = None,
    network: Net = None,
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Write the letter that is due: a draft until a named person has confirmed it."""
    from adequacy.cli.handout import hand_out_letter, letter_day, letter_words

    rules, now = desk.books_policy(plan, policy), desk.now()
    with desk.open_book(casebook, rules) as book:
        day = letter_day(on, book, now)
        with writing(out, suffix=".txt") as target:
            made = hand_out_letter(
                book,
                request_id,
                target,
                code=code,
                missing=missing,
                templates=templates,
                on=day,
                now=now,
                network=network,
            )
    sys.stderr.write(letter_words(made, out))


@app.command(
    name="list-providers",
    epilog=examples(
        "adequacy request list-providers REQ-2026-000001 --out list.xlsx",
        "adequacy request list-providers REQ-2026-000001 --out list.docx",
    ),
)
def list_providers(
    request_id: Request,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="File to write: .xlsx, .csv or .docx; - prints CSV.")
    ],
    casebook: Book = None,
    plan: Plan = None,
    policy: Rules = None,
) -> None:
    """Write the list of contracted providers that the decision rests on; it says nothing about the consumer."""
    from adequacy.cli.handout import hand_out_list

    rules = desk.books_policy(plan, policy)
    with desk.open_book(casebook, rules) as book, writing(out) as target:
        count = hand_out_list(book, request_id, target, now=desk.now())
    sites = "1 site" if count == 1 else f"{count} sites"
    sys.stderr.write(f"{sites} listed{'' if out == STREAM else f' in {out}'}\n")
