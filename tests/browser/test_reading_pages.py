"""How data are read, in real Chromium: in the report, in the form with its questions, on the pages of runs and data."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, ViewportSize, expect

from experiments.models import Dataset, Preflight
from experiments.preflights import state
from experiments.training.contract import preflight_report
from experiments.training.contract.reading import Choice, Question, Reading, Usage, asked
from runs.files import reading_file
from runs.models import Run
from tests.browser import story
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_datasets_pages import overflow
from tests.browser.test_new_run_page import SENT, control, field, fill, opened, shown_json
from tests.browser.test_preflight_page import made, of_images
from tests.experiments.supervision.test_execution import USED
from tests.experiments.training.readings import EVERY_SHAPE, HOSTILE, QUESTIONS, class_folders, extreme
from tests.experiments.training.readings import table_of_images as of_table
from tests.realtime.writing import in_thread
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SIZES = [(1440, False), (1024, True), (390, False)]


Write = Callable[[Run, Reading], None]


@pytest.fixture
def write(visitors: Visitors) -> Iterator[Write]:
    """Leave a reading where that server's trainings do; runs of other tests have the same numbers."""
    folders: list[Path] = []

    def write(run: Run, reading: Reading) -> None:
        folder = visitors.server.log.parent / "home" / "runs" / str(run.pk)
        folder.mkdir(parents=True, exist_ok=True)
        folders.append(folder)
        (folder / reading_file.NAME).write_bytes(msgspec.json.encode(reading))

    yield write
    for folder in folders:
        shutil.rmtree(folder)


def report_of(reading: Reading) -> preflight_report.Preflight:
    findings = [*asked(reading.questions), *reading.findings]
    verdict = preflight_report.verdict(findings)
    return msgspec.structs.replace(of_images(), verdict=verdict, findings=findings, reading=reading)


def part(page: Page, title: str) -> Any:
    return page.locator(f'#reading [data-part="{title}"]')


def question(page: Page, code: str) -> Any:
    return page.locator(f'.question[data-code="{code}"]')


async def answered_by_a_worker(reading: Reading) -> Preflight:
    """Finish the newest report that waits, as a worker would."""

    def finish() -> Preflight:
        eventually(lambda: Preflight.objects.filter(status="queued").exists())
        row = Preflight.objects.filter(status="queued").latest("pk")
        state.claim(row.pk, "worker")
        state.finish(row.pk, 1, report_of(reading))
        return row

    return await in_thread(finish)


async def test_the_report_says_how_the_data_were_read_and_its_numbers_add_up(visitors: Visitors, owner: User) -> None:
    row = await in_thread(made, owner, report_of(class_folders()))
    page = await visitors.visit(f"/preflights/{row.pk}/")
    reading = page.get_by_role("region", name="How your data were read")
    await expect(reading).to_be_visible()
    await expect(part(page, "Layout")).to_contain_text("One folder per class")
    await expect(part(page, "Layout")).to_contain_text("no table names them")
    files = part(page, "Files")
    await expect(files.locator("caption")).to_have_text("1,200 used + 43 left out = 1,243 files")
    await expect(files.locator("tbody tr")).to_have_count(5)
    await expect(files.locator("tbody tr").first).to_have_text("Used1,200")
    await expect(files.locator("tbody tr").nth(1)).to_contain_text("Mask: _mask.png30ill/7_mask.png")
    await expect(files.locator("tbody tr").last).to_have_text("All1,243")
    await expect(part(page, "Classes").get_by_role("listitem")).to_have_text(["healthy", "illpositive class"])
    await expect(part(page, "Classes")).to_contain_text("names the absence of a finding")
    await expect(part(page, "Classes")).to_contain_text("“Ill ”")
    await expect(part(page, "Patients")).to_contain_text("312From the folders patient_<n>")
    await expect(part(page, "Pixels")).to_contain_text("12 bits, values from 0 to 4,095")
    await expect(part(page, "Pixels")).to_contain_text("window center 40.5")
    await expect(page.locator("#questions .question")).to_have_count(0)
    await expect(page.locator("#facts")).to_contain_text("well, ill (positive)")


async def test_where_everything_is_used_one_sentence_says_so(visitors: Visitors, owner: User) -> None:
    row = await in_thread(made, owner, report_of(class_folders().extended(files=Usage(total=12, used=12))))
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(part(page, "Files")).to_have_text("Files12 used + 0 left out = 12 files")


async def test_columns_say_how_they_were_found(visitors: Visitors, owner: User) -> None:
    row = await in_thread(made, owner, report_of(of_table()))
    page = await visitors.visit(f"/preflights/{row.pk}/")
    columns = part(page, "Layout").locator("tbody tr")
    await expect(columns).to_have_text(
        [
            "Idsimage_idhas a usual name for it",
            "ClassesTargethas the default name",
            "PatientsPatient IDits values look like it",
            "Splitsfoldnamed in the request",
        ]
    )
    await expect(part(page, "Rows").locator("caption")).to_have_text("500 used + 3 left out = 503 rows")


async def test_a_report_that_is_older_than_readings_has_no_such_part(visitors: Visitors, owner: User) -> None:
    row = await in_thread(made, owner, of_images())
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("Blocked")
    await expect(page.locator("#reading")).to_be_hidden()


OF_BUILTIN = Question(
    code="positive_class",
    text="Which class do scores stand for? Set model.positive_class.",
    choices=[
        Choice(options={"model.positive_class": name}, consequence=f"Sensitivity is the share of {name} that is found.")
        for name in ("malignant", "benign")
    ],
)
"""A question whose answers the built-in data know."""
LEFT_OUT = Question(
    code="index_column",
    text="The files of “nr, old” are numbered as the rows are: are they of this study? Set data.ignore.",
    choices=[
        Choice(options={"data.ignore": ["nr, old"]}, consequence="They are left out."),
        Choice(options={"data.split_folders": ["nr, old=val"]}, consequence="They are learned from."),
    ],
)
"""A question whose answers are lists, which the built-in data take."""


async def test_a_choice_in_a_report_leads_through_the_form_to_a_training(visitors: Visitors, owner: User) -> None:
    """The whole way: report, choice, form, check, the other choices, start."""
    questions = [QUESTIONS[0], OF_BUILTIN, LEFT_OUT]
    row = await in_thread(made, owner, report_of(class_folders(questions)))
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#verdict")).to_have_text("To be confirmed")
    await expect(page.get_by_role("group")).to_have_count(3)
    await expect(page.locator("#findings .notice")).to_have_count(1)  # the questions are not said twice
    assert await broken_rules(page) == []
    group = page.get_by_role("group", name=questions[0].text)
    await group.get_by_role("link", name="2 classes: ap").click()
    await expect(page.locator("#form[data-ready]")).to_be_visible()
    await expect(page.locator("#origin")).to_contain_text(f"pre-flight report {row.pk}")
    await expect(control(page, "source_path")).to_have_value("builtin:breast-cancer")
    await expect(control(page, "data.class_folder")).to_have_value("2")
    await expect(field(page, "data.class_folder")).to_have_class(re.compile("changed"))
    chosen = question(page, "folders_are_views").get_by_role("button", name="2 classes: ap")
    await expect(chosen).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_role("button", name="Answer 2 questions to start")).to_be_visible()
    await answered_by_a_worker(class_folders(questions[1:]))  # the form checks with the choice by itself
    await expect(page.locator("#report .pill")).to_have_text("To be confirmed")
    await question(page, "positive_class").get_by_role("button", name="share of benign").click()
    await expect(control(page, "model.positive_class")).to_have_value("benign")
    await expect(page.get_by_role("button", name="Answer 1 question to start")).to_be_visible()
    await answered_by_a_worker(class_folders(questions[2:]))  # before the next choice asks for another check
    await question(page, "index_column").get_by_role("button", name="left out").click()
    await expect(control(page, "data.ignore")).to_have_value('["nr, old"]')
    await answered_by_a_worker(class_folders())
    await expect(page.locator("#report .pill")).to_have_text("Ready")
    await expect(page.locator("#reading-facts")).to_contain_text("1,200 of 1,243")
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    run = await in_thread(Run.objects.get)
    assert run.config["data"]["class_folder"] == 2
    assert run.config["data"]["ignore"] == ["nr, old"]
    assert run.config["model"]["positive_class"] == "benign"


async def test_a_choice_can_be_changed_and_undone(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors)
    await fill(page)
    await page.get_by_role("button", name="Check (dry run)").click()
    await answered_by_a_worker(class_folders([LEFT_OUT]))
    group = question(page, "index_column")
    out, used = group.get_by_role("button", name="left out"), group.get_by_role("button", name="learned from")
    await expect(group.get_by_role("button", name="Undo")).to_be_hidden()
    await out.click()
    assert (await shown_json(page))["data"] == {"test_fraction": 0.2, "ignore": ["nr, old"]}
    await used.click()
    assert (await shown_json(page))["data"] == {"test_fraction": 0.2, "split_folders": ["nr, old=val"]}
    await expect(out).to_have_attribute("aria-pressed", "false")
    await group.get_by_role("button", name="Undo").click()
    await expect(used).to_be_focused()
    assert (await shown_json(page))["data"] == {"test_fraction": 0.2}
    await expect(page.get_by_role("button", name="Answer 1 question to start")).to_be_visible()
    await out.click()
    await field(page, "data.ignore").get_by_role("button").click()  # the way back at the field itself
    await expect(out).to_have_attribute("aria-pressed", "false")
    await page.get_by_label("Data set", exact=True).select_option("builtin:breast-cancer")
    await expect(group).to_have_count(0)  # other data, other questions
    await expect(page.get_by_role("button", name="Start training")).to_be_visible()


async def test_the_keyboard_alone_answers_and_starts(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors)
    await fill(page)
    await page.get_by_role("button", name="Check (dry run)").press("Enter")
    await answered_by_a_worker(class_folders(QUESTIONS[:1]))
    start = page.get_by_role("button", name="Answer 1 question to start")
    await start.press("Enter")
    await expect(page.get_by_role("group", name=QUESTIONS[0].text)).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(question(page, "folders_are_views").get_by_role("button").first).to_be_focused()
    await page.keyboard.press("Space")
    await expect(control(page, "data.class_folder")).to_have_value("1")
    await answered_by_a_worker(class_folders())
    await page.get_by_role("button", name="Start training").press("Enter")
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"))


async def test_a_refused_start_shows_the_questions(visitors: Visitors, owner: User) -> None:
    visitors.expected = re.compile("400")
    page = await opened(visitors)
    await fill(page)

    async def refuse(route: Route) -> None:
        await route.fulfill(status=400, json=refusal(QUESTIONS[1:]))

    await page.route(SENT, refuse)
    await page.get_by_role("button", name="Start training").click()
    await expect(page.get_by_role("group", name=QUESTIONS[1].text)).to_be_focused()
    await expect(page.locator("#problem")).to_be_hidden()
    await expect(page.get_by_role("button", name="Answer 2 questions to start")).to_be_visible()
    assert await broken_rules(page) == []
    assert await in_thread(Run.objects.count) == 0


def refusal(questions: list[Question]) -> Any:
    """Return the server's answer to a request that leaves these open; `test_questions` holds it to that."""
    errors = [{"field": one.field, "message": one.text} for one in questions]
    return {"detail": "Words.", "errors": errors, "more": 0, "questions": msgspec.to_builtins(questions)}


async def test_the_page_of_a_run_has_its_data_in_short(visitors: Visitors, owner: User, write: Write) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await expect(page.locator("#facts")).to_contain_text("positive: 8")
    await expect(page.locator("#data")).to_be_hidden()
    await in_thread(write, run, class_folders())
    await in_thread(lambda: (story.tell(run, [story.final(0)]), story.end(run)))
    data = page.get_by_role("region", name="Data", exact=True)
    await expect(data).to_contain_text("One folder per class")
    await expect(data).to_contain_text("1,200 of 1,243")
    await expect(data).to_contain_text("43 left out: 30 _mask.png · 12 .txt · 1 __MACOSX")
    await expect(data).to_contain_text("Positive classill")
    await expect(page.locator("#splits .matrix caption")).to_have_text(
        "Rows true, columns predicted; positive class: 8"
    )
    await data.get_by_text("Everything about how the data were read").click()
    files = data.locator('[data-part="Files"]')
    await expect(files.locator("caption")).to_have_text("1,200 used + 43 left out = 1,243 files")
    assert await broken_rules(page) == []
    visitors.expected = re.compile("404")
    await data.get_by_role("link").click()
    await expect(part(page, "Files").locator("caption")).to_have_text("1,200 used + 43 left out = 1,243 files")


async def test_what_carried_out_a_run_is_on_its_page(visitors: Visitors, owner: User) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    page = await visitors.visit(f"/runs/{run.pk}/")
    section = page.locator("#execution")
    await expect(section).to_be_hidden()  # it is not known yet

    def report() -> None:
        first = {"attempt": 1, **msgspec.to_builtins(USED)}
        config = {**run.config, "trainer": {**run.config["trainer"], "precision": "16-mixed"}}
        Run.objects.filter(pk=run.pk).update(
            execution=[first, {**first, "attempt": 2, "device": HOSTILE}], config=config
        )
        story.end(run)

    await in_thread(report)
    await expect(section.locator("#execution-facts")).to_contain_text(f"Device{HOSTILE}one process")
    await expect(section.locator("#execution-facts")).to_contain_text("Threads4")
    await expect(section.locator("tbody tr").first).to_have_text("1CPUbf16-mixed432")
    await page.reload()
    await expect(section.locator("#execution-facts")).to_contain_text("bfloat16bf16-mixed, not 16-mixed as asked for")
    await page.set_viewport_size(ViewportSize(width=390, height=900))
    assert await overflow(page) == 0
    assert await broken_rules(page) == []


async def test_a_run_that_open_questions_ended_leads_to_the_form(visitors: Visitors, owner: User, write: Write) -> None:
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(write, run, class_folders(QUESTIONS))
    await in_thread(lambda: story.end(run, "failed", "data.class_folder: Which one?"))
    page = await visitors.visit(f"/runs/{run.pk}/")
    await page.get_by_role("group", name=QUESTIONS[0].text).get_by_role("link").first.click()
    await expect(page.locator("#form[data-ready]")).to_be_visible()
    await expect(page.locator("#origin")).to_contain_text(f"run {run.pk}")
    await expect(control(page, "data.class_folder")).to_have_value("1")
    await expect(page.locator("#changed")).to_have_text(f"1 option differs from run {run.pk}.")
    await expect(page.get_by_role("button", name="Answer 2 questions to start")).to_be_visible()


def checked_dataset(owner: User, reading: Reading) -> None:
    row = made(owner, report_of(reading))
    Dataset.objects.create(
        name="lungs", owner=owner, kind="folder", path="/data/lungs", state="ready", preflight=row, layout="directory"
    )


async def test_a_data_set_says_what_a_default_training_would_do_and_brings_its_questions(
    visitors: Visitors, owner: User
) -> None:
    await in_thread(checked_dataset, owner, class_folders(QUESTIONS))
    page = await visitors.visit("/datasets/")
    await expect(page.locator(".report:visible")).to_contain_text("3 questions")
    await page.goto(f"{visitors.server.url}/datasets/lungs/")
    reading = page.get_by_role("region", name="How it is read")
    await expect(reading).to_contain_text("does not start: 3 questions are open")
    await reading.get_by_text("Everything about how it is read").click()
    await expect(part(page, "Files").locator("caption")).to_have_text("1,200 used + 43 left out = 1,243 files")
    assert await broken_rules(page) == []
    await page.get_by_role("group", name=QUESTIONS[1].text).get_by_role("link").first.click()
    await expect(control(page, "model.positive_class")).to_have_value("ill")
    await expect(page.get_by_role("button", name="Answer 2 questions to start")).to_be_visible()
    page = await opened(visitors)
    await page.get_by_label("Data set", exact=True).select_option("dataset:lungs")
    await expect(page.get_by_role("button", name="Answer 3 questions to start")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), SIZES)
async def test_the_largest_reading_breaks_no_page(
    visitors: Visitors, owner: User, write: Write, width: int, dark: bool
) -> None:
    size = ViewportSize(width=width, height=900)
    await in_thread(checked_dataset, owner, extreme())
    row = await in_thread(Preflight.objects.get)
    run = await in_thread(lambda: story.start(story.submit(owner)))
    await in_thread(write, run, extreme())
    await in_thread(lambda: story.end(run, "failed", "Which ones?"))
    page = await visitors.visit(f"/preflights/{row.pk}/", size=size, dark=dark)
    await expect(page.locator(".question")).to_have_count(20)
    assert await overflow(page) == 0
    assert await broken_rules(page) == []
    assert await page.locator("#main b", has_text="scan").count() == 0
    await page.goto(f"{visitors.server.url}/datasets/lungs/")
    await page.get_by_text("Everything about how it is read").click()
    await expect(part(page, "Files").locator("tbody tr")).to_have_count(32)
    assert await overflow(page) == 0
    await page.goto(f"{visitors.server.url}/runs/{run.pk}/")
    await expect(page.locator("#data-facts > div")).not_to_have_count(0)
    await expect(page.locator("#data-questions .question")).to_have_count(20)
    assert await overflow(page) == 0
    await page.goto(f"{visitors.server.url}/new/?dataset=lungs")
    await expect(page.locator("#questions .question")).to_have_count(20)
    assert await overflow(page) == 0
    assert await broken_rules(page) == []


@pytest.mark.parametrize("shape", EVERY_SHAPE)
async def test_every_shape_is_shown(visitors: Visitors, owner: User, shape: str) -> None:
    reading = EVERY_SHAPE[shape]
    row = await in_thread(made, owner, report_of(reading))
    page = await visitors.visit(f"/preflights/{row.pk}/")
    await expect(page.locator("#reading")).to_be_visible()
    parts = {"Files": reading.files, "Rows": reading.rows, "Pixels": reading.pixels}
    for title, known in parts.items():
        await expect(part(page, title)).to_have_count(1 if known else 0)
    labels = part(page, "Classes").locator(".labels li")
    await expect(labels).to_have_count(len(reading.classes))
    await expect(part(page, "Classes").locator(".positive")).to_have_count(1 if reading.positive else 0)
