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
from allora_cli.diagram.files import to_png
from allora_cli.diagram.fleet import FleetArchitecture
from allora_cli.diagram.parts import Arrow, Part
from allora_cli.diagram.svg import draw
from settings import Settings, load_settings
from settings.fleet import Fleet
from settings.fleet_file import load_fleet
from stacks.app import build_app
from tests.conftest import ROOT, SAMPLES, sample_fleet

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
FLEET_PICTURE = PICTURE.with_name("fleet.svg")

Draw = Callable[..., "Drawing"]


class Drawing:
    """The picture of some settings."""

    def __init__(
        self, settings: Settings, stacks: dict[str, dict[str, Any]], fleet: Fleet | None = None
    ) -> None:
        self.settings, self.stacks, self.fleet = settings, stacks, fleet
        self.draw()

    def draw(self) -> None:
        self.architecture = a = (
            FleetArchitecture(self.settings, self.fleet, self.stacks)
            if self.fleet
            else Architecture(self.settings, self.stacks)
        )
        self.svg = draw(a.title, a.subtitle, a.root, a.arrows)
        self.parts = list(a.root.parts())
        self.cards = [part for part in self.parts if not part.inner and part.style]
        self.boxes = [part for part in self.parts if part.inner and part.style]

    @property
    def texts(self) -> str:
        """All that can be read on it, in one line."""
        elements = [
            element for text in parsed(self.svg).iter(f"{SVG}text") for element in text.iter()
        ]
        return " ".join(element.text or "" for element in elements)

    def part(self, title: str) -> Part:
        return next(part for part in self.parts if part.title == title)

    def has(self, title: str) -> bool:
        return any(part.title == title for part in self.parts)

    def arrows(self) -> set[tuple[str, str]]:
        return {(arrow.tail.title, arrow.head.title) for arrow in self.architecture.arrows}


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def synthesize(
    settings: Settings, outdir: Path, fleet: Fleet | None = None
) -> dict[str, dict[str, Any]]:
    build_app(settings, outdir=str(outdir), fleet=fleet).synth()
    return {
        file.parent.name: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted(outdir.glob("stacks/*/cdk.tf.json"))
    }


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Draw:
    """The picture of a sample."""

    @cache
    def made(name: str) -> tuple[Settings, dict[str, dict[str, Any]]]:
        settings = load_settings(ROOT / "samples" / f"{name}.env", {})
        return settings, synthesize(settings, tmp_path_factory.mktemp(name))

    def drawing(name: str) -> Drawing:
        settings, stacks = made(name)
        return Drawing(settings, deepcopy(stacks))

    return drawing


@pytest.fixture(params=[path.stem for path in SAMPLES])
def sample(request: pytest.FixtureRequest, of: Draw) -> Drawing:
    """The picture of each sample."""
    return of(request.param)


@pytest.fixture
def with_(make_settings: Callable[..., Settings], tmp_path: Path) -> Draw:
    """The picture of some variables."""

    def drawing(**variables: str) -> Drawing:
        settings = make_settings(**variables)
        return Drawing(settings, synthesize(settings, tmp_path / "out"))

    return drawing


def test_each_resource_of_a_sample_is_drawn_or_part_of_what_is(sample: Drawing) -> None:
    assert sample.architecture.unknown == [], (
        "a type that allora_cli/diagram/architecture.py does not know: draw it, or count it as "
        "part of what it joins"
    )
    shown = {type_ for part in sample.parts for type_ in part.types}
    assert set(sample.architecture.resources) <= shown
    count = sum(
        len(stack["resource"][t]) for stack in sample.stacks.values() for t in stack["resource"]
    )
    assert sum(map(len, sample.architecture.resources.values())) == count


def test_a_fleet_is_drawn_without_a_host(tmp_path: Path) -> None:
    settings, fleet = load_settings(ROOT / "samples" / "testnet.env", {}), sample_fleet()
    drawing = Drawing(settings, synthesize(settings, tmp_path / "out", fleet), fleet)
    assert drawing.architecture.unknown == []
    assert [card.title for card in drawing.part("ECS cluster").inner] == [
        "btc-day", "eth-5min", "sol-8h",
    ]  # fmt: skip
    assert not drawing.has("EC2 instance")
    assert {
        ("ECR", "ECS cluster"), ("Parameter Store", "ECS cluster"), ("CodeBuild", "ECR"),
        ("btc-day", "Everything out"), ("Internet gateway", "Allora testnet"),
    } <= drawing.arrows()  # fmt: skip
    assert not any(head == "ECS cluster" and "alarm" in tail for tail, head in drawing.arrows())
    for text in ("3 workers", "2 running", "Nothing in", "FARGATE_SPOT", "paused", "allora-fleet"):
        assert text in drawing.texts
    check_layout(drawing)
    assert FLEET_PICTURE.read_bytes() == drawing.svg.encode(), "docs/images is stale: make pictures"


def test_a_large_fleet_in_an_existing_network_fits(tmp_path: Path) -> None:
    existing = "AWS_VPC_ID=vpc-0123456789abcdef0\nAWS_SUBNET_ID=subnet-0123456789abcdef0\n"
    env = tmp_path / "env"
    env.write_text(f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n{existing}")
    tables = [f"[workers.a-worker-with-the-longest-name-{n:02}]\n" for n in range(40)]
    (tmp_path / "fleet.toml").write_text("".join(tables).replace("longest-name-", "long-"))
    settings, fleet = load_settings(env, {}), load_fleet(env, {})
    drawing = Drawing(settings, synthesize(settings, tmp_path / "out", fleet), fleet)
    assert drawing.has("36 more")
    assert not drawing.has("Internet gateway")
    check_layout(drawing)


def test_a_resource_of_an_unknown_type_is_drawn_as_well(of: Draw) -> None:
    drawing = of("testnet")
    drawing.stacks["allora-common"]["resource"]["aws_kms_key"] = {"new_1": {"description": "x"}}
    drawing.draw()
    assert drawing.architecture.unknown == ["aws_kms_key.new_1"]
    assert drawing.part("aws_kms_key").style == "common"
    assert "new_1" in drawing.texts
    check_layout(drawing)


def test_a_second_resource_of_a_known_type_is_counted(of: Draw) -> None:
    drawing = of("testnet")
    drawing.stacks["allora-single-node"]["resource"]["aws_eip"]["spare_1"] = {"domain": "vpc"}
    drawing.draw()
    assert drawing.has("2 Elastic IPs")


def test_the_boxes_are_nested_as_in_aws(of: Draw) -> None:
    drawing = of("testnet")
    titles = [
        "AWS account 123456789012", "VPC", "Public subnet", "Security group", "EC2 instance",
    ]  # fmt: skip
    for outer, inner in itertools.pairwise(map(drawing.part, titles)):
        assert inner in outer.parts()
    assert [card.title for card in drawing.part("EC2 instance").inner] == [
        "Worker container", "Model container",
    ]  # fmt: skip
    assert drawing.part("Internet gateway") in drawing.part("VPC").parts()
    assert drawing.part("Internet gateway") not in drawing.part("Public subnet").parts()
    assert drawing.part("IAM role") not in drawing.part("VPC").parts()


def test_the_arrows_are_those_of_the_terraform(of: Draw) -> None:
    alarms = next(card.title for card in of("testnet").cards if "alarms" in card.title)
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
        ("EC2 instance", "3 log groups"), ("3 log groups", "Dashboard"),
    }  # fmt: skip


def test_the_cards_tell_what_the_settings_make(of: Draw) -> None:
    texts = of("testnet").texts
    for text in (
        "AWS account 123456789012", "us-east-1", "10.0.0.0/16", "10.0.0.0/24", "t4g.small, arm64",
        "Ubuntu 24.04", "20 GiB gp3, encrypted", "testnet, topic 69", "/allora/worker/",
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
    volume = drawing.part("EBS data volume")
    assert volume in drawing.part("Public subnet").parts()
    assert volume not in drawing.part("EC2 instance").parts()
    assert "40 GiB gp3, encrypted" in drawing.texts
    assert ("EBS data volume", "EC2 instance") in drawing.arrows()


def test_a_model_of_one_s_own_is_named_by_its_source(of: Draw) -> None:
    lines = " ".join(of("own-model").part("Model container").lines)
    assert "allora-network/basic-coin-prediction-node @ e0461420b315" in lines
    assert "model/CG_API_KEY" in of("own-model").texts
    assert (
        "ghcr.io/your-organisation/your-model:1.0.0" in of("mainnet").part("Model container").lines
    )
    worker = of("boot-nodes").part("Worker container")
    assert "ghcr.io/your-organisation/allora-worker:1.0.0" in worker.lines
    assert "via BOOT_NODES" in of("boot-nodes").texts


def test_an_x86_64_instance_says_so(of: Draw) -> None:
    assert "t3.small, x86_64" in of("x86_64").texts
    assert "arm64" not in of("x86_64").texts


def test_the_mail_of_the_alarms_is_drawn_where_there_is_one(of: Draw) -> None:
    assert ("SNS topic", "Your mail") in of("mainnet").arrows()
    assert of("mainnet").part("Your mail").lines == ["you@example.com"]
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
    assert set(re.findall(r"[\d.]+/\d+", drawing.part("TCP 9999 in").lines[0])) == {
        "203.0.113.0/24", "198.51.100.7/32",
    }  # fmt: skip


def test_a_state_bucket_elsewhere_and_a_fixed_image_are_named(with_: Draw) -> None:
    drawing = with_(TF_STATE_REGION="us-west-2", AWS_AMI_ID="ami-0123456789abcdef0")
    assert ", us-west-2" in drawing.texts
    assert "ami-0123456789abcdef0" in drawing.texts


def test_the_layout_of_a_sample(sample: Drawing) -> None:
    check_layout(sample)


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
    check_layout(drawing)


def check_layout(drawing: Drawing) -> None:
    """No two cards touch, each is in its box, and no arrow crosses a card, a title or an arrow."""
    for a, b in itertools.combinations(drawing.cards, 2):
        assert not overlap(grown(a.spans, 3), b.spans), (a.title, b.title)
    for box in drawing.boxes:
        for part in box.inner:
            assert inside(part.spans, box.spans), (part.title, box.title)
        for card in drawing.cards:
            assert not overlap(title_spans(box), card.spans), (box.title, card.title)
    for card in drawing.cards:
        titles, lines = card.texts()
        room = len(card.spans[0]) - (44 if card.sign and not card.upright else 12)
        assert all(len(line) * 5.5 <= room for line in (*titles, *lines)), card.title
        assert card.least(1) <= len(card.spans[1]), card.title
    for arrow in drawing.architecture.arrows:
        check_arrow(arrow, drawing)
    for one, other in itertools.combinations(drawing.architecture.arrows, 2):
        assert not any(overlap(x, y) for x in strokes(one) for y in strokes(other)), names(one)


def check_arrow(arrow: Arrow, drawing: Drawing) -> None:
    ends = (arrow.tail, arrow.head)
    for part, (x, y) in ((arrow.tail, arrow.points()[0]), (arrow.head, arrow.points()[-1])):
        across, down = part.spans
        beside = x in {across.start, across.stop} and down.start <= y <= down.stop
        above = y in {down.start, down.stop} and across.start <= x <= across.stop
        assert beside or above, names(arrow)
    for (x1, y1), (x2, y2) in itertools.pairwise(arrow.points()):
        assert (x1 == x2) != (y1 == y2), names(arrow)
    for stroke in strokes(arrow):
        for card in drawing.cards:
            assert card in ends or not overlap(stroke, card.spans), (names(arrow), card.title)
        for box in drawing.boxes:
            assert box in ends or not overlap(stroke, title_spans(box)), (names(arrow), box.title)


def test_the_picture_needs_nothing_from_elsewhere(sample: Drawing) -> None:
    tags = {element.tag.removeprefix(SVG) for element in parsed(sample.svg).iter()}
    assert tags <= {
        "svg", "title", "style", "defs", "marker", "rect", "path", "g", "text", "tspan", "use",
    }  # fmt: skip
    assert set(re.findall(r'href="(.)|url\((.)', sample.svg)) == {("#", ""), ("", "#")}
    names = {element.get("id") for element in parsed(sample.svg).iter()}
    assert set(re.findall(r'href="#(\w+)"', sample.svg)) <= names
    assert "http" not in sample.svg.replace("http://www.w3.org/2000/svg", "")


def test_it_is_readable_at_the_width_of_a_page(sample: Drawing) -> None:
    """GitHub shows some 900 pixels: the smallest letters are nine of them high."""
    width = int(parsed(sample.svg).get("width", ""))
    assert 900 / width * 12 >= 9


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


Spans = list[range]


def overlap(a: Spans, b: Spans) -> bool:
    return all(x.start < y.stop and y.start < x.stop for x, y in zip(a, b, strict=True))


def inside(a: Spans, b: Spans) -> bool:
    return all(y.start <= x.start and x.stop <= y.stop for x, y in zip(a, b, strict=True))


def grown(spans: Spans, by: int) -> Spans:
    return [range(span.start - by, span.stop + by) for span in spans]


def title_spans(box: Part) -> Spans:
    """Where a box's title and its note are."""
    x, y = (span.start for span in box.spans)
    width = 7.5 * len(box.title) + 5.8 * len(", ".join(box.lines))
    return [range(x + 12, x + 12 + int(width)), range(y + 4, y + 21)]


def strokes(arrow: Arrow) -> list[Spans]:
    """The straight lines of an arrow."""
    return [
        [range(min(ends), max(*ends, min(ends) + 1))
         for ends in zip(a, b, strict=True)]
        for a, b in itertools.pairwise(arrow.points())
    ]  # fmt: skip


def names(arrow: Arrow) -> str:
    return f"{arrow.tail.title} → {arrow.head.title}"
