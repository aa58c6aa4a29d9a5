"""`allora diagram` draws what the stacks make, all of it, and legibly."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from allora_cli.diagram.architecture import Architecture
from allora_cli.diagram.cards import Box, Card, Origin, Rect, Style
from allora_cli.diagram.files import to_png
from allora_cli.diagram.fonts import BOLD, REGULAR, _font, text_width
from allora_cli.diagram.layout import LINE_SIZE, TITLE_SIZE, text_lines, title_rect
from allora_cli.diagram.routes import Route, find_routes
from allora_cli.diagram.svg import draw
from allora_cli.diagram.terraform import Terraform
from settings import Settings, load_settings
from stacks.app import build_app
from tests.conftest import ROOT, SAMPLES

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"

Draw = Callable[..., "Drawing"]


class Drawing:
    """The picture of some stacks."""

    def __init__(self, stacks: dict[str, dict[str, Any]]) -> None:
        self.stacks = stacks
        self.draw()

    def draw(self) -> None:
        self.terraform = Terraform(self.stacks)
        self.architecture = Architecture(self.terraform)
        self.picture = self.architecture.picture
        self.svg = draw(self.picture)

    @property
    def texts(self) -> str:
        """All that can be read on it, in one line."""
        return " ".join(element.text or "" for element in parsed(self.svg).iter(f"{SVG}text"))

    def card(self, title: str) -> Card:
        return next(card for card in self.picture.cards() if card.title == title)

    def has(self, title: str) -> bool:
        return any(card.title == title for card in self.picture.cards())

    def box(self, style: Style) -> Box:
        return next(box for box in self.picture.account.boxes() if box.style is style)

    def arrows(self) -> set[tuple[str, str]]:
        return {(arrow.tail.title, arrow.head.title) for arrow in self.picture.arrows}


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def synthesize(settings: Settings, outdir: Path) -> dict[str, dict[str, Any]]:
    build_app(settings, outdir=str(outdir)).synth()
    return {
        file.parent.name: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(outdir.glob("stacks/*/cdk.tf.json"))
    }


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """The picture of a sample."""

    @cache
    def stacks(name: str) -> dict[str, dict[str, Any]]:
        settings = load_settings(ROOT / "samples" / f"{name}.env", {})
        return synthesize(settings, tmp_path_factory.mktemp(name))

    return lambda name: Drawing(deepcopy(stacks(name)))


@pytest.fixture(params=[path.stem for path in SAMPLES])
def sample(request: pytest.FixtureRequest, of: Draw) -> Drawing:
    """The picture of each sample."""
    return of(request.param)


@pytest.fixture
def with_(make_settings: Callable[..., Settings], tmp_path: Path) -> Draw:
    """The picture of some variables."""
    return lambda **variables: Drawing(synthesize(make_settings(**variables), tmp_path / "out"))


def test_each_resource_of_a_sample_is_drawn_or_part_of_what_is(sample: Drawing) -> None:
    assert sample.architecture.unknown == [], (
        "a resource that allora_cli/diagram/architecture.py does not know: draw it, or count "
        "it as part of what it joins"
    )
    shown = sample.architecture.shown
    assert {r.address for r in sample.terraform.resources} == {r.address for r in shown}
    drawn = [*sample.picture.cards(), *sample.picture.account.boxes()]
    assert all(part in drawn for part in shown.values())


def test_a_resource_of_an_unknown_type_is_drawn_as_well(of: Draw) -> None:
    drawing = of("testnet")
    drawing.stacks["allora-common"]["resource"]["aws_kms_key"] = {"new_1": {"description": "x"}}
    drawing.draw()
    assert drawing.architecture.unknown == ["aws_kms_key.new_1"]
    assert drawing.card("aws_kms_key").origin is Origin.COMMON
    assert "new_1" in drawing.texts


def test_a_second_resource_of_a_known_type_is_not_lost(of: Draw) -> None:
    drawing = of("testnet")
    drawing.stacks["allora-single-node"]["resource"]["aws_eip"]["spare_1"] = {"domain": "vpc"}
    drawing.draw()
    assert drawing.architecture.unknown == ["aws_eip.spare_1"]


def test_the_boxes_are_nested_as_in_aws(of: Draw) -> None:
    drawing = of("testnet")
    styles = [Style.ACCOUNT, Style.VPC, Style.SUBNET, Style.SECURITY_GROUP, Style.INSTANCE]
    for outer, inner in itertools.pairwise(map(drawing.box, styles)):
        assert inner in outer.boxes()
    assert {card.title for card in drawing.box(Style.INSTANCE).cards()} == {
        "Worker container", "Model container",
    }  # fmt: skip
    assert drawing.card("Internet gateway") in drawing.box(Style.VPC).cards()
    assert drawing.card("Internet gateway") not in drawing.box(Style.SUBNET).cards()
    assert drawing.card("IAM role") not in drawing.box(Style.VPC).cards()


def test_the_arrows_are_those_of_the_terraform(of: Draw) -> None:
    alarms = next(card for card in of("testnet").picture.cards() if "alarms" in card.title).title
    assert of("testnet").arrows() == {
        ("You", "S3 bucket"), ("You", "Parameter Store"), ("You", "Session Manager"),
        ("IAM role", "EC2 instance"), ("Host archive", "EC2 instance"),
        ("Parameter Store", "EC2 instance"), ("Session Manager", "EC2 instance"),
        ("Consumers", "Internet gateway"), ("Internet gateway", "Elastic IP"),
        ("Elastic IP", "TCP 9010 in"), ("TCP 9010 in", "Worker container"),
        ("Worker container", "Model container"), ("Worker container", "Everything out"),
        ("Everything out", "Elastic IP"), ("Elastic IP", "Internet gateway"),
        ("Internet gateway", "Allora testnet"),
        ("EC2 instance", alarms), (alarms, "EC2 instance"), (alarms, "SNS topic"),
        ("EC2 instance", "Log groups"), ("Log groups", "Dashboard"),
    }  # fmt: skip


def test_the_cards_tell_what_the_settings_make(of: Draw) -> None:
    texts = of("testnet").texts
    for text in (
        "AWS account 123456789012", "us-east-1", "10.0.0.0/16", "10.0.0.0/24", "t3.medium, x86_64",
        "Ubuntu 24.04", "root volume 30 GiB gp3, encrypted", "testnet, topic 69", "/allora/worker/",
        "mnemonic, api-key,", "GET /inference/BTC", "host-recovery", "kept for 30 days",
        "allora-tfstate-123456789012-us-east-1", "no e-mail:", "stack allora-common",
    ):  # fmt: skip
        assert text in texts
    assert "EBS data volume" not in texts


def test_an_existing_vpc_is_not_drawn_as_ours(of: Draw) -> None:
    drawing = of("existing-vpc")
    assert "vpc-0123456789abcdef0, exists already" in drawing.texts
    assert "subnet-0123456789abcdef0, exists already" in drawing.texts
    assert "203.0.113.0/24" in drawing.texts
    assert not drawing.has("Internet gateway")
    assert ("Consumers", "Elastic IP") in drawing.arrows()
    assert "Public subnet" not in drawing.texts


def test_a_data_volume_is_outside_the_instance_and_attached(of: Draw) -> None:
    drawing = of("own-model")
    volume = drawing.card("EBS data volume")
    assert volume in drawing.box(Style.SUBNET).cards()
    assert volume not in drawing.box(Style.INSTANCE).cards()
    assert "40 GiB gp3, encrypted" in drawing.texts
    assert ("EBS data volume", "EC2 instance") in drawing.arrows()


def test_a_model_of_one_s_own_is_named_by_its_source(of: Draw) -> None:
    lines = " ".join(of("own-model").card("Model container").lines)
    assert "allora-network/basic-coin-prediction-node @ e0461420b315" in lines
    assert "model/CG_API_KEY" in of("own-model").texts
    assert (
        "ghcr.io/your-organisation/your-model:1.0.0" in of("mainnet").card("Model container").lines
    )
    worker = of("boot-nodes").card("Worker container")
    assert "ghcr.io/your-organisation/allora-worker:1.0.0" in worker.lines
    assert "through BOOT_NODES" in of("boot-nodes").texts


def test_an_arm64_instance_says_so(of: Draw) -> None:
    assert "t4g.medium, arm64" in of("arm64").texts
    assert "x86_64" not in of("arm64").texts


def test_the_mail_of_the_alarms_is_drawn_where_there_is_one(of: Draw) -> None:
    assert ("SNS topic", "Your mail") in of("mainnet").arrows()
    assert of("mainnet").card("Your mail").lines == ["you@example.com"]
    assert not of("testnet").has("Your mail")


def test_a_closed_port_has_no_consumers(with_: Draw) -> None:
    drawing = with_(ALLORA_INGRESS_CIDRS="none")
    assert drawing.has("Nothing in")
    assert not drawing.has("Consumers")
    assert ("Worker container", "Everything out") in drawing.arrows()


def test_several_networks_are_all_named(with_: Draw) -> None:
    drawing = with_(
        ALLORA_INGRESS_CIDRS="203.0.113.0/24,198.51.100.7/32", ALLORA_WORKER_PORT="9999"
    )
    assert set(re.findall(r"[\d.]+/\d+", drawing.card("TCP 9999 in").lines[0])) == {
        "203.0.113.0/24", "198.51.100.7/32",
    }  # fmt: skip


def test_a_state_bucket_elsewhere_and_a_fixed_image_are_named(with_: Draw) -> None:
    drawing = with_(TF_STATE_REGION="us-west-2", AWS_AMI_ID="ami-0123456789abcdef0")
    assert ", us-west-2" in drawing.texts
    assert "ami-0123456789abcdef0" in drawing.texts


def test_no_two_cards_touch_and_all_are_in_their_boxes(sample: Drawing) -> None:
    for a, b in itertools.combinations(sample.picture.cards(), 2):
        assert not overlap(a.place.grown(3), b.place), (a.title, b.title)
    for box in sample.picture.account.boxes():
        for part in box.content:
            assert inside(part.place, box.place), (part.title, box.title)
    boxes = [b for b in sample.picture.account.boxes() if b.style is not Style.BARE]
    for box in boxes:
        for card in sample.picture.cards():
            assert not overlap(title_rect(box), card.place), (box.title, card.title)


def test_long_names_do_not_spoil_the_picture(with_: Draw) -> None:
    drawing = with_(
        ALLORA_WORKER_NAME="a" * 30,
        AWS_RESOURCE_NAME_PREFIX="b" * 20,
        ALARM_EMAIL=f"{'c' * 40}@example.com",
        ALLORA_WORKER_TOKEN="d" * 30,
        ALLORA_WORKER_TOPIC_ID=",".join(map(str, range(1, 30))),
        MODEL_IMAGE=f"e.example.com/{'e' * 60}@sha256:{'0' * 64}",
        MODEL_SECRETS="F" * 50,
        EDGE_DATA_VOL_TYPE="gp3",
    )
    test_no_two_cards_touch_and_all_are_in_their_boxes(drawing)
    test_the_texts_fit_into_their_cards(drawing)
    test_no_arrow_crosses_a_card_or_a_title(drawing)


def test_the_texts_fit_into_their_cards(sample: Drawing) -> None:
    for card in sample.picture.cards():
        room = card.place.width - (8 if card.upright else 50)
        titles = card.title.split() if card.upright else [card.title]
        assert max(text_width(title, TITLE_SIZE, bold=True) for title in titles) <= room, card.title
        for line in text_lines(card):
            assert text_width(line, LINE_SIZE) <= room, (card.title, line)


def test_no_arrow_crosses_a_card_or_a_title(sample: Drawing) -> None:
    boxes = [box for box in sample.picture.account.boxes() if box.title]
    for route in find_routes(sample.picture):
        ends = (route.arrow.tail, route.arrow.head)
        for card in sample.picture.cards():
            assert card in ends or not crosses(route, card.place), (names(route), card.title)
        for box in boxes:
            assert box in ends or not crosses(route, title_rect(box)), (names(route), box.title)


def test_arrows_end_at_the_sides_of_things(sample: Drawing) -> None:
    for route in find_routes(sample.picture):
        for thing, (x, y) in (
            (route.arrow.tail, route.points[0]),
            (route.arrow.head, route.points[-1]),
        ):
            place = thing.place
            beside = x in {place.x, place.right} and place.y <= y <= place.bottom
            above = y in {place.y, place.bottom} and place.x <= x <= place.right
            assert beside or above, names(route)
        for (x1, y1), (x2, y2) in itertools.pairwise(route.points):
            assert (x1 == x2) != (y1 == y2), names(route)


def test_no_two_arrows_cross(sample: Drawing) -> None:
    routes = find_routes(sample.picture)
    for a, b in itertools.combinations(routes, 2):
        for (x1, y1), (x2, y2) in itertools.pairwise(a.points):
            line = Rect(min(x1, x2), min(y1, y2), abs(x1 - x2) or 1, abs(y1 - y2) or 1)
            assert not crosses(b, line), (names(a), names(b))


def test_vertical_arrows_lie_apart(sample: Drawing) -> None:
    lines = [
        (a[0], range(min(a[1], b[1]), max(a[1], b[1])))
        for route in find_routes(sample.picture)
        for a, b in itertools.pairwise(route.points)
        if a[0] == b[0]
    ]
    for (x1, rows1), (x2, rows2) in itertools.combinations(lines, 2):
        if range(max(rows1.start, rows2.start), min(rows1.stop, rows2.stop)):
            assert abs(x1 - x2) >= 12, (x1, x2)


def test_the_picture_needs_nothing_from_elsewhere(sample: Drawing) -> None:
    tags = {element.tag.removeprefix(SVG) for element in parsed(sample.svg).iter()}
    assert tags <= {"svg", "title", "defs", "marker", "rect", "path", "g", "text"}
    assert "href" not in sample.svg
    assert "http" not in sample.svg.replace("http://www.w3.org/2000/svg", "")


def test_the_fonts_have_every_character(sample: Drawing) -> None:
    for font in (REGULAR, BOLD):
        assert set(map(ord, sample.texts)) <= _font(font)._glyphs.keys()


def test_it_is_readable_at_the_width_of_a_page(sample: Drawing) -> None:
    """GitHub shows some 900 pixels: the smallest letters are nine of them high."""
    width = int(parsed(sample.svg).get("width", ""))
    assert 900 / width * LINE_SIZE >= 9


def test_a_png_is_the_same_picture_twice_as_large(of: Draw) -> None:
    svg = of("testnet").svg
    png = to_png(svg)
    root = parsed(svg)
    assert png.startswith(b"\x89PNG")
    size = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
    assert size == (2 * int(root.get("width", "")), 2 * int(root.get("height", "")))
    assert to_png(svg) == png
    # The letters are there: without them it is another picture, and a smaller one.
    assert len(to_png(re.sub(r"<text.*?</text>", "", svg))) < 0.6 * len(png)


def allora(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `allora diagram` with the testnet sample, and as `make pictures` does with no others."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "ALLORA_ENV_FILE": str(ROOT / "samples" / "testnet.env"),
    }
    return subprocess.run(
        [sys.executable, "-m", "allora_cli", "diagram", *arguments],
        cwd=ROOT,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_picture_in_the_readme_is_the_one_of_this_code(tmp_path: Path) -> None:
    done = allora("--output-dir", str(tmp_path / "new"), "--json", PYTHONHASHSEED="1")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [Path(file).name for file in result["files"]] == ["architecture.svg", "architecture.png"]
    assert result["unknown"] == []
    assert result["resources"] > 20
    drawn = (tmp_path / "new" / "architecture.svg").read_text(encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == drawn, (
        "docs/images is stale: run make pictures, and look at them"
    )
    assert to_png(drawn) == (tmp_path / "new" / "architecture.png").read_bytes()


def test_the_picture_is_byte_for_byte_the_same_everywhere(of: Draw) -> None:
    assert PICTURE.read_bytes() == of("testnet").svg.encode(), "docs/images is stale: make pictures"


def test_only_the_wanted_file_is_written(tmp_path: Path) -> None:
    done = allora("--output-dir", str(tmp_path), "--format", "svg")
    assert done.returncode == 0, done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["architecture.svg"]
    assert "architecture.svg" in done.stdout
    assert "Synthesizing" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = allora("--output-dir", str(tmp_path / "file"), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["trouble"] == "output-folder"
    assert "--output-dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_synth_that_fails_is_one_sentence(tmp_path: Path) -> None:
    done = allora("--output-dir", str(tmp_path), "--json", JSII_NODE="/nonexistent/node")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["trouble"] == "synth"
    assert "make setup" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_wrong_settings_are_told_before_anything_is_drawn(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AWS_ACCOUNT_ID=1\n", encoding="utf-8")
    done = allora("--output-dir", str(tmp_path / "o"), ALLORA_ENV_FILE=str(tmp_path / ".env"))
    assert done.returncode == 1
    assert "AWS_ACCOUNT_ID" in done.stderr
    assert not (tmp_path / "o").exists()


def test_settings_that_only_the_stacks_refuse_are_told_with_their_remedy(tmp_path: Path) -> None:
    noise = "".join(f"{number * 7919 % 65521:x}" for number in range(6000))
    done = allora("--output-dir", str(tmp_path), "--json", MODEL_ENV_VARS=f"NOISE={noise}")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["trouble"] == "settings"
    assert "MODEL_ENV_VARS" in error["message"]
    assert "Traceback" not in done.stderr


def overlap(a: Rect, b: Rect) -> bool:
    if not (a.width and a.height and b.width and b.height):
        return False
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


def inside(a: Rect, b: Rect) -> bool:
    return b.x <= a.x and b.y <= a.y and a.right <= b.right and a.bottom <= b.bottom


def crosses(route: Route, place: Rect) -> bool:
    return any(
        overlap(Rect(min(x1, x2), min(y1, y2), abs(x1 - x2) or 1, abs(y1 - y2) or 1), place)
        for (x1, y1), (x2, y2) in itertools.pairwise(route.points)
    )


def names(route: Route) -> str:
    return f"{route.arrow.tail.title} → {route.arrow.head.title}"
