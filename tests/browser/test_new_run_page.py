"""The form of a new run in real Chromium: filled, refused, checked, started once, cloned, copied."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, Route, ViewportSize, expect

from experiments import launch
from experiments.models import Dataset, Preflight
from experiments.preflights import state
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.option_schema import groups
from experiments.training.data.files.catalogue import BUILTINS
from runs.models import Run
from tests.browser.conftest import Visitors
from tests.browser.test_accessibility import broken_rules
from tests.browser.test_datasets_pages import overflow
from tests.browser.test_preflight_page import of_images
from tests.realtime.writing import in_thread
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SENT = "**/api/experiments/centralized/train"


async def opened(visitors: Visitors, path: str = "/new/", **how: Any) -> Page:
    page = await visitors.visit(path, **how)
    await expect(page.locator("#form[data-ready]")).to_be_visible()
    return page


async def fill(page: Page, name: str = "Is it an eight?") -> None:
    await control(page, "experiment_name").fill(name)
    await page.get_by_label("Data set", exact=True).select_option("builtin:digits-is-8")


async def unfold(page: Page) -> None:
    """Open what is folded away, whether it is open or not."""
    await page.locator("#more").evaluate("node => { node.open = true; }")


async def shown_json(page: Page) -> Any:
    await page.get_by_role("button", name="JSON", exact=True).click()
    return json.loads(await page.locator("#line").inner_text())


def field(page: Page, path: str) -> Any:
    return page.locator(f'[data-field="{path}"]')


def control(page: Page, path: str) -> Any:
    return page.locator(f'[data-path="{path}"]')


async def test_a_run_is_filled_in_and_started_once(visitors: Visitors) -> None:
    page = await visitors.visit("/")
    await page.keyboard.press("n")
    await expect(page.locator("#form[data-ready]")).to_be_visible()
    await fill(page)
    await unfold(page)
    assert await control(page, "data.batch_size").get_attribute("placeholder") == "32"
    await control(page, "trainer.max_epochs").fill("3")
    await control(page, "augmentation.preset").select_option("light")
    await control(page, "tags").fill("baseline, Eights")
    await control(page, "callbacks.early_stopping").uncheck()
    await expect(page.locator("#changed")).to_have_text("5 options changed; the others have their defaults.")
    await expect(field(page, "trainer.max_epochs")).to_have_class(re.compile("changed"))
    assert await shown_json(page) == {
        "experiment_name": "Is it an eight?",
        "source_path": "builtin:digits-is-8",
        "tags": ["baseline", "Eights"],
        "data": {"test_fraction": 0.2},
        "augmentation": {"preset": "light"},
        "trainer": {"max_epochs": 3},
        "callbacks": {"early_stopping": False},
    }
    await field(page, "augmentation.preset").get_by_role("button").click()
    await expect(control(page, "augmentation.preset")).to_have_value("none")
    assert "augmentation" not in await shown_json(page)
    await page.get_by_role("button", name="Start training").dblclick()
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    run = await in_thread(Run.objects.get)
    assert (run.experiment_name, run.max_epochs, run.config["callbacks"]["early_stopping"]) == (
        "Is it an eight?",
        3,
        False,
    )
    assert await in_thread(lambda: sorted(tag.name for tag in run.tag_rows.all())) == ["baseline", "eights"]


async def test_the_same_request_sent_again_after_a_cut_makes_no_second_run(visitors: Visitors) -> None:
    page = await opened(visitors)
    await fill(page)
    cut = True

    async def lose_the_answer(route: Route) -> None:
        nonlocal cut
        if cut:
            cut = False
            await route.fetch()  # it reaches the server
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route(SENT, lose_the_answer)
    await page.get_by_role("button", name="Start training").click()
    await expect(page.locator("#problem")).to_contain_text("does not answer")
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    assert await in_thread(Run.objects.count) == 1


async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(visitors: Visitors) -> None:
    page = await opened(visitors)
    await page.get_by_role("button", name="Start training").click()
    await expect(control(page, "experiment_name")).to_be_focused()
    await expect(field(page, "experiment_name")).to_contain_text("Name of the experiment is missing.")
    await expect(page.locator("#f-source_path-fault")).to_have_text("Data set is missing.")
    await fill(page)
    await unfold(page)
    await control(page, "data.batch_size").fill("0")
    await page.locator("#more > summary").click()  # an error opens it again
    await page.get_by_role("button", name="Start training").click()
    await expect(control(page, "data.batch_size")).to_be_focused()
    await expect(page.locator("#f-data-batch_size-fault")).to_have_text("Write a whole number from 1 to 4,096.")
    await control(page, "data.batch_size").fill("64")
    await expect(page.locator("#f-data-batch_size-fault")).to_be_hidden()
    # What only the server can tell: folds and a share for validation, and a field that lies folded away.
    visitors.expected = re.compile("400")
    await control(page, "data.folds").fill("5")
    await control(page, "data.val_fraction").fill("0.3")
    await page.get_by_role("button", name="Start training").click()
    await expect(page.locator("#f-data-folds-fault")).to_contain_text("leave data.val_fraction out")
    await expect(control(page, "data.folds")).to_be_focused()
    await field(page, "data.folds").get_by_role("button").click()
    await page.get_by_label("Find an option").fill("unfreeze")
    await expect(page.locator("#groups .field:visible")).to_have_count(1)
    await page.get_by_label("Find an option").fill("focal alpha")
    await control(page, "loss.focal_alpha").fill("0.5")
    await page.get_by_label("Find an option").fill("weight of pos")
    await control(page, "model.pos_weight").fill("2")
    await page.get_by_label("Find an option").fill("machines")
    await control(page, "trainer.num_nodes").fill("99")
    await page.locator("#more > summary").click()
    await page.get_by_role("button", name="Start training").click()
    await expect(control(page, "trainer.num_nodes")).to_be_focused()
    await control(page, "trainer.num_nodes").fill("")
    await field(page, "loss.name").get_by_role("combobox").select_option("focal")
    await page.get_by_role("button", name="Start training").click()
    await expect(page.locator("#problem")).to_contain_text("each weigh the classes; give one of them")
    await page.reload()
    await expect(control(page, "data.batch_size")).to_have_value("64")
    await expect(control(page, "experiment_name")).to_have_value("Is it an eight?")
    await page.get_by_role("button", name="Start over").click()
    await expect(control(page, "data.batch_size")).to_have_value("")
    assert await in_thread(Run.objects.count) == 0


async def test_a_dry_run_is_followed_and_its_report_grows_old(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors)
    await fill(page)
    await page.get_by_role("button", name="Check (dry run)").click()
    await expect(page.locator("#report")).to_contain_text("Waiting for a worker")
    row = await in_thread(Preflight.objects.get)
    assert row.config["source_path"] == "builtin:digits-is-8"
    await in_thread(state.claim, row.pk, "worker")
    await in_thread(lambda: state.renew(row.pk, 1, progress="Comparing 1,797 samples"))
    await expect(page.locator("#report")).to_contain_text("Comparing 1,797 samples")
    await in_thread(state.finish, row.pk, 1, of_images())
    await expect(page.locator("#report .pill")).to_have_text("Blocked")
    await expect(page.locator("#facts")).to_contain_text("about 1 h 01 min")
    await expect(page.locator("#facts")).to_contain_text("488.3 MiB")
    await expect(page.locator("#findings .notice").first).to_contain_text("Leaks between splits")
    assert await broken_rules(page) == []
    await expect(page.locator(".stale-words")).to_be_hidden()
    await unfold(page)
    await control(page, "data.batch_size").fill("8")
    await expect(page.locator(".stale-words")).to_be_visible()
    await page.get_by_role("button", name="Check (dry run)").click()
    await expect(page.locator("#report")).to_contain_text("Waiting for a worker")
    assert await in_thread(Run.objects.count) == 0


async def test_a_check_is_cancelled_by_its_button_and_by_a_newer_one(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors)
    await fill(page)
    check = page.get_by_role("button", name="Check (dry run)")
    await check.click()
    await page.locator("#report").get_by_role("button", name="Cancel").click()
    await expect(page.locator("#report .pill")).to_have_text("Cancelled")
    await expect(page.locator("#report")).to_contain_text(f"Cancelled by {owner.username}.")
    await expect(page.locator("#report").get_by_role("button", name="Cancel")).to_have_count(0)
    await unfold(page)
    for size in ("8", "16"):
        await control(page, "data.batch_size").fill(size)
        await check.click()
        await expect(page.locator("#report")).to_contain_text("Waiting for a worker")

    def statuses() -> list[str]:
        return list(Preflight.objects.order_by("id").values_list("status", flat=True))

    await in_thread(lambda: eventually(lambda: statuses() == ["cancelled", "cancelled", "queued"]))
    await expect(page.locator("#report")).to_contain_text("Waiting for a worker")


async def test_a_clone_shows_what_differs_and_keeps_its_origin(visitors: Visitors, owner: User) -> None:
    config = {
        "experiment_name": "Eights",
        "source_path": "builtin:digits-is-8",
        "model": {"name": "cnn", "width": 8},
        "trainer": {"max_epochs": 7},
        "callbacks": {"monitor": "val_acc"},
        "tags": ["first"],
    }
    [run] = await in_thread(lambda: launch.create(TrainingConfig.model_validate(config), owner))
    page = await opened(visitors, f"/new/?from={run.pk}")
    await expect(page.locator("#origin")).to_contain_text(f"run {run.pk}, Eights")
    await expect(page.locator("#changed")).to_have_text(f"Nothing differs from run {run.pk} yet.")
    await expect(control(page, "model.options.width")).to_have_value("8")
    await expect(control(page, "callbacks.monitor")).to_have_value("val_acc")
    await expect(control(page, "tags")).to_have_value("first")
    await control(page, "trainer.max_epochs").fill("9")
    await page.locator("#more > summary").click()
    await control(page, "callbacks.monitor").select_option("val_loss")
    await control(page, "model.options.width").fill("4")
    await expect(page.locator("#changed")).to_have_text(f"3 options differ from run {run.pk}.")
    await expect(field(page, "trainer.max_epochs")).to_contain_text("back to 7")
    await expect(page.locator("#line")).to_contain_text(f"/api/runs/{run.pk}/clone/")
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(rf"/runs/(?!{run.pk}/)\d+/$"))
    copy = await in_thread(lambda: Run.objects.exclude(pk=run.pk).get())
    assert (copy.origin_id, copy.max_epochs, copy.config["model"]["options"]["width"]) == (run.pk, 9, 4)
    assert (copy.config["callbacks"]["monitor"], copy.config["callbacks"]["mode"]) == ("val_loss", "min")
    assert copy.experiment_name == "Eights"


async def test_a_copy_of_somebody_elses_run_is_a_run_of_its_own(visitors: Visitors) -> None:
    other = await in_thread(User.objects.create_user, "bob")
    config = TrainingConfig(experiment_name="Bob's", source_path="builtin:breast-cancer", seed=3)
    [run] = await in_thread(lambda: launch.create(config, other))
    page = await opened(visitors, f"/new/?from={run.pk}")
    await expect(page.locator("#origin")).to_contain_text("It belongs to bob")
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(rf"/runs/(?!{run.pk}/)\d+/$"))
    copy = await in_thread(lambda: Run.objects.exclude(pk=run.pk).select_related("owner").get())
    assert (copy.origin_id, copy.seed, copy.owner.username) == (None, 3, "ada")


async def test_a_run_that_is_gone_is_said_to_be(visitors: Visitors) -> None:
    visitors.expected = re.compile("404")
    page = await visitors.visit("/new/?from=99999999")
    await expect(page.locator("#problem")).to_contain_text("There is no run 99999999")
    await expect(page.get_by_role("button", name="Start training")).to_be_disabled()


async def test_a_clone_may_take_another_network(visitors: Visitors, owner: User) -> None:
    config = {"experiment_name": "Eights", "source_path": "builtin:digits-is-8", "data": {"image_size": 32}}
    [run] = await in_thread(lambda: launch.create(TrainingConfig.model_validate(config), owner))
    page = await opened(visitors, f"/new/?from={run.pk}")
    await control(page, "model.name").select_option("vit-small")
    await expect(page.locator("#network-about")).to_contain_text("Its blocks: stem, block0")
    await control(page, "model.options.patch_size").select_option("8")
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(rf"/runs/(?!{run.pk}/)\d+/$"))
    copy = await in_thread(lambda: Run.objects.exclude(pk=run.pk).get())
    assert copy.config["model"]["options"] == {"patch_size": 8, "dropout": 0.0}


async def test_the_lines_do_what_the_form_does(visitors: Visitors, owner: User) -> None:
    page = await opened(visitors)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await fill(page, 'It\'s "an" eight \\ ?')
    await unfold(page)
    await control(page, "callbacks.early_stopping").uncheck()
    await page.get_by_role("button", name="Python").click()
    text = await page.locator("#line").inner_text()
    made: dict[str, Any] = {}
    exec(text.split("headers =")[0], made)
    assert made["body"] == await shown_json(page)
    assert TrainingConfig.model_validate(made["body"]).experiment_name == 'It\'s "an" eight \\ ?'
    compile(text, "line", "exec")
    await page.get_by_role("button", name="Copy").click()
    await expect(page.locator(".toast")).to_contain_text("Copied")
    assert json.loads(await page.evaluate("navigator.clipboard.readText()")) == made["body"]
    await page.get_by_role("button", name="curl").click()
    curl = await page.locator("#line").inner_text()
    assert json.loads(shlex.split(curl)[-1]) == made["body"]


async def test_json_fills_the_form_and_unknown_names_are_told(visitors: Visitors) -> None:
    page = await opened(visitors)
    config = {"experiment_name": "Pasted", "source_path": "builtin:breast-cancer", "model": {"dropout": 0.4}, "seed": 5}
    await page.get_by_role("button", name="Fill in from JSON").click()
    text = page.get_by_label("A request, or a run’s configuration")
    await text.fill(json.dumps(config | {"trainer": {"epochs": 3}}))
    await page.get_by_role("button", name="Fill in", exact=True).click()
    await expect(page.locator("#paste-problem")).to_contain_text("There is no option trainer.epochs")
    assert await broken_rules(page) == []
    await text.fill(json.dumps(config))
    await page.get_by_role("button", name="Fill in", exact=True).click()
    await expect(control(page, "model.options.dropout")).to_have_value("0.4")
    await expect(page.get_by_label("Data set", exact=True)).to_have_value("builtin:breast-cancer")
    assert (await shown_json(page))["model"] == {"options": {"dropout": 0.4}}
    await unfold(page)
    await control(page, "data.folds").fill("2")
    await page.get_by_role("button", name="Start training").click()
    await expect(page).to_have_url(re.compile(r"/groups/\d+/$"))
    assert await in_thread(lambda: [run.seed for run in Run.objects.all()]) == [5, 5]


async def test_a_data_set_comes_with_its_report(visitors: Visitors, owner: User) -> None:
    def checked() -> None:
        config = TrainingConfig(experiment_name="x", source_path="builtin:digits-is-8").model_dump(mode="json")
        row = Preflight.objects.create(
            owner=owner, config=config, status="done", report=msgspec.to_builtins(of_images()), attempt=1
        )
        shared: dict[str, Any] = {"owner": owner, "kind": "folder", "path": "/data/x"}
        Dataset.objects.create(
            name="lungs",
            state="ready",
            preflight=row,
            classes=[["well", 1300], ["ill", 39]],
            layout="directory",
            **shared,
        )
        Dataset.objects.create(name="later", state="checking", **shared)

    await in_thread(checked)
    listed = await visitors.visit("/datasets/")
    await expect(listed.locator(".report:visible")).to_have_text("Pre-flight report: 1 finding that blocks, 1 warning")
    page = await opened(visitors, "/new/?dataset=lungs")
    await expect(page.get_by_label("Data set", exact=True)).to_have_value("dataset:lungs")
    summary = page.locator("#dataset-summary")
    await expect(summary).to_contain_text("1,339 samples")
    await expect(summary).to_contain_text("39 · 2.9 %")
    await expect(summary).to_contain_text("1 finding that blocks, 1 warning")
    await expect(page.locator("option", has_text="later – checking")).to_be_disabled()
    await page.get_by_label("Data set", exact=True).select_option("(path)")
    await expect(control(page, "source_path")).to_be_focused()
    await control(page, "source_path").fill("lungs/scans.zip")
    assert (await shown_json(page))["source_path"] == "lungs/scans.zip"
    await expect(page.get_by_label("Data set", exact=True)).to_have_value("(path)")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
async def test_it_is_accessible_and_no_wider_than_the_screen(visitors: Visitors, width: int, dark: bool) -> None:
    page = await opened(visitors, size=ViewportSize(width=width, height=900), dark=dark)
    await page.get_by_role("button", name="Start training").click()
    await expect(page.locator(".fault:visible")).to_have_count(2)
    await page.locator("#more > summary").click()
    await page.get_by_label("Data set", exact=True).select_option("builtin:digits-is-8")
    await control(page, "seed").fill("x" * 300)
    assert await broken_rules(page) == []
    assert await overflow(page) == 0
    every = [one["path"] for group in groups() for one in group["fields"] if one["path"] != "model.options"]
    there = await page.locator("[data-path]").evaluate_all("all => all.map(({ dataset }) => dataset.path)")
    assert sorted(there) == sorted([*every, "model.options.width", "model.options.dropout"])
    assert len(BUILTINS) == await page.locator('optgroup[label="Built in"] option').count()


async def test_the_keyboard_alone_starts_a_run(visitors: Visitors) -> None:
    page = await opened(visitors)
    await control(page, "experiment_name").focus()
    await page.keyboard.type("By hand")
    await page.keyboard.press("Tab")
    await page.keyboard.type("builtin:breast")
    await expect(page.get_by_label("Data set", exact=True)).to_have_value("builtin:breast-cancer")
    await control(page, "experiment_name").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    assert (await in_thread(Run.objects.get)).experiment_name == "By hand"
