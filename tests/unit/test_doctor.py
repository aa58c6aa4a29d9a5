"""Reports: how they run and are shown, with fake checks."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, NoRegionError

from allora_cli import chain
from allora_cli.aws.needed_actions import deploying_actions
from allora_cli.doctor import Finding, Report, Result, Verdict, examine, show
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.checks import CHECKS
from allora_cli.doctor.findings import Check, Group, fail, nothing, ok, skipped, unknown, warning
from allora_cli.doctor.quotas import quota_of
from allora_cli.terminal.console import SafeConsole
from settings import Settings, SettingsError
from shared.aws_console import console_url

MakeSettings = Callable[..., Settings]


def check(
    id_: str,
    finding: Finding | Exception | None = None,
    needs: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> Check:
    def look(_: CheckContext) -> Finding:
        if isinstance(finding, Exception):
            raise finding
        return finding or ok("well")

    return Check(id_, Group.ACCOUNT, id_.upper(), look, needs, after)


def verdicts(report: Report) -> dict[str, str]:
    return {result.check.id: result.finding.verdict for result in report.results}


class TestExamine:
    def test_the_order_is_that_of_the_screen(self) -> None:
        checks = [check("a", after=("c",)), check("b", needs=("a",)), check("c")]
        assert list(verdicts(examine(checks=checks))) == ["a", "b", "c"]

    def test_checks_run_at_the_same_time(self) -> None:
        together = threading.Barrier(3)

        def look(_: CheckContext) -> Finding:
            together.wait(timeout=60)
            return ok("well")

        checks = [Check(name, Group.STATE, name, look) for name in "abc"]
        assert examine(checks=checks).healthy

    @pytest.mark.parametrize(
        ("found", "then"),
        [
            (ok("well"), "ok"),
            (warning("well", "but"), "ok"),
            (fail("bad", "mend it"), "skipped"),
            (unknown("dark"), "skipped"),
            (skipped("x", "X"), "skipped"),
        ],
    )
    def test_what_needs_another_is_left_out_without_it(self, found: Finding, then: str) -> None:
        report = examine(checks=[check("a", found), check("b", needs=("a",))])
        assert verdicts(report)["b"] == then

    def test_what_only_comes_after_another_is_never_left_out(self) -> None:
        report = examine(checks=[check("a", fail("bad", "")), check("b", after=("a",))])
        assert verdicts(report)["b"] == "ok"

    def test_what_stands_in_the_way_of_all_is_named(self) -> None:
        checks = [check("a", fail("bad", "")), check("b", needs=("a",)), check("c", needs=("b",))]
        details = [result.finding.detail for result in examine(checks=checks).results]
        assert details == ["bad", "needs: A", "needs: A"]

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            ("AccessDenied", "your credentials may not call DescribeThings"),
            ("Throttling", "AWS limits the requests"),
            ("Strange", "AWS refuses"),
        ],
    )
    def test_what_aws_refuses_is_unknown_and_no_fault(self, code: str, says: str) -> None:
        refused = ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeThings")
        report = examine(checks=[check("a", refused)])
        (result,) = report.results
        assert result.finding.verdict is Verdict.UNKNOWN
        assert says in result.finding.detail
        assert not report.blocked
        assert report.healthy is None
        assert report.unchecked == 1

    def test_what_the_client_refuses_is_unknown(self) -> None:
        assert verdicts(examine(checks=[check("a", NoRegionError())])) == {"a": "unknown"}

    def test_a_mistake_of_ours_is_not_hidden(self) -> None:
        with pytest.raises(ZeroDivisionError):
            examine(checks=[check("a", ZeroDivisionError())])

    def test_a_check_that_does_not_name_what_it_needs_is_found(self) -> None:
        with pytest.raises(LookupError):
            examine(
                checks=[Check("a", Group.STATE, "A", lambda context: ok(context.names.in_region))]
            )

    def test_progress_is_told(self) -> None:
        told: list[list[str]] = []
        examine(
            checks=[check("a"), check("b", needs=("a",))],
            watch=lambda titles: told.append(list(titles)),
        )
        assert told == [["A"], ["B"]]


def test_no_two_checks_have_the_same_title() -> None:
    assert len({check.title for check in CHECKS}) == len(CHECKS)


def test_every_check_needs_earlier_or_other_checks_that_exist() -> None:
    ids = {check.id for check in CHECKS}
    for each in CHECKS:
        assert set(each.needs) | set(each.after) <= ids - {each.id}


@pytest.mark.parametrize(
    ("partition", "region", "url"),
    [
        ("aws", "us-east-1", "https://us-east-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "https://cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "https://us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_links_lead_to_the_console_of_the_partition(partition: str, region: str, url: str) -> None:
    assert console_url(partition, region) == url


def test_groups_are_together_on_the_screen() -> None:
    groups = [check.group for check in CHECKS]
    assert groups == sorted(groups, key=list(Group).index)


class TestReport:
    @staticmethod
    def shown(
        *findings: Finding,
        deployed: bool | None = False,
        width: int = 100,
        next_step: bool = True,
    ) -> str:
        results = tuple(
            Result(check(f"c{number}"), finding) for number, finding in enumerate(findings)
        )
        screen = io.StringIO()
        console = SafeConsole(file=screen, width=width, highlight=False)
        show(Report(results, "subject", deployed), console, next_step=next_step)
        return "\n".join(line.rstrip() for line in screen.getvalue().splitlines())

    def test_marks_and_remedies(self) -> None:
        text = self.shown(
            ok("fine"), fail("bad", "mend\nit"), warning("so", "well"), unknown("dark")
        )
        assert "✔ C0 fine" in text
        assert "✘ C1 bad\n             → mend\n             → it" in text
        assert "! C2 so" in text
        assert "? C3 dark" in text
        assert "1 ✔  1 ✘  1 !  1 ?" in text

    def test_a_check_with_nothing_to_check_takes_no_line(self) -> None:
        shown = self.shown(ok("is there"), nothing("is not set"))
        assert "is there" in shown
        assert "is not set" not in shown

    def test_what_was_left_out_for_one_reason_takes_one_line(self) -> None:
        text = self.shown(unknown("dark"), ok("fine"), *[skipped("c0", "C0")] * 3)
        assert "– Not checked without it: C2, C3, C4" in text
        assert text.count("–") == 2  # and in the sum

    @pytest.mark.parametrize(
        ("finding", "deployed", "command"),
        [
            (ok(""), False, "allora deploy"),
            (ok(""), None, "allora deploy"),
            (warning("", ""), True, "allora status"),
            (fail("", ""), True, "allora doctor"),
            (unknown(""), False, "allora deploy"),
            (skipped("c9", "C9"), False, "allora doctor"),
        ],
    )
    def test_what_to_type_next(
        self, finding: Finding, *, deployed: bool | None, command: str
    ) -> None:
        assert self.shown(finding, deployed=deployed).endswith(f": {command}")

    def test_checks_that_could_not_be_made_are_counted(self) -> None:
        text = self.shown(ok("fine"), unknown("dark"), skipped("c1", "C1"))
        assert "2 of 3 checks could not be made" in text
        assert "All is ready" not in text

    @pytest.mark.parametrize(
        ("findings", "healthy", "unchecked"),
        [
            ([ok(""), warning("", "")], True, 0),
            ([ok(""), unknown("")], None, 1),
            ([unknown(""), skipped("c0", "C0")], None, 2),
            ([fail("", ""), unknown("")], False, 1),
        ],
    )
    def test_only_what_was_looked_at_is_healthy(
        self, findings: list[Finding], *, healthy: bool | None, unchecked: int
    ) -> None:
        results = tuple(Result(check("c"), finding) for finding in findings)
        document = Report(results, "", deployed=None).as_dict()
        assert document["healthy"] is healthy
        assert document["unchecked"] == unchecked

    @pytest.mark.parametrize(
        ("findings", "goes_on"),
        [
            ([ok("")], False),
            ([unknown("")], True),
            ([unknown(""), skipped("c0", "C0")], False),
            ([unknown(""), fail("", "")], False),
        ],
    )
    def test_a_deployment_goes_on_without_some_checks(
        self, findings: list[Finding], *, goes_on: bool
    ) -> None:
        text = self.shown(*findings, next_step=False)
        assert ("That does not stop a deployment" in text) == goes_on
        assert "allora deploy" not in text

    def test_a_narrow_screen_loses_nothing(self) -> None:
        long = " ".join(f"word{number}" for number in range(40))
        text = self.shown(fail(long, long), width=50)
        assert max(map(len, text.splitlines()[:-1])) <= 50 + len("Fix each ✘, then run:")
        for number in range(40):
            assert text.count(f"word{number}\n") + text.count(f"word{number} ") >= 1


@pytest.mark.parametrize(
    ("instance_type", "code"),
    [
        ("t3.medium", "L-1216C47A"),
        ("m7i-flex.large", "L-1216C47A"),
        ("im4gn.large", "L-1216C47A"),
        ("hpc7a.12xlarge", "L-F7808C92"),
        ("g5.xlarge", "L-DB2E81BA"),
        ("gr6.4xlarge", "L-DB2E81BA"),
        ("vt1.3xlarge", "L-DB2E81BA"),
        ("p5.48xlarge", "L-417A185B"),
        ("x2gd.medium", "L-7295265B"),
        ("u-6tb1.metal", "L-43DA4232"),
        ("u7i-8tb.112xlarge", "L-43DA4232"),
        ("inf2.xlarge", "L-1945791B"),
        ("trn1.2xlarge", "L-2C3B7624"),
        ("dl1.24xlarge", "L-6E869C2A"),
        ("f2.6xlarge", "L-74FC7D96"),
    ],
)
def test_quotas_of_families(instance_type: str, code: str) -> None:
    assert quota_of(instance_type) == code


class TestNeededActions:
    @staticmethod
    def actions(settings: Settings) -> set[str]:
        return {action for _, actions in deploying_actions(settings) for action in actions}

    def test_only_what_the_settings_make(self, make_settings: MakeSettings) -> None:
        plain = self.actions(make_settings())
        assert {"ec2:CreateVpc", "iam:PassRole", "ssm:GetParameter"} <= plain
        assert not {"ec2:CreateVolume", "sns:Subscribe"} & plain
        more = self.actions(
            make_settings(
                EDGE_DATA_VOL_TYPE="gp3",
                ALARM_EMAIL="you@example.com",
                AWS_VPC_ID="vpc-0123456789abcdef0",
                AWS_SUBNET_ID="subnet-0123456789abcdef0",
                AWS_AMI_ID="ami-0123456789abcdef0",
            )
        )
        assert {"ec2:CreateVolume", "sns:Subscribe"} <= more
        assert not {"ec2:CreateVpc", "ec2:CreateSubnet", "ssm:GetParameter"} & more

    def test_resources_are_the_region_s_and_the_partition_s(
        self, make_settings: MakeSettings
    ) -> None:
        settings = make_settings(AWS_REGION="cn-north-1")
        arns = {resource for resource, _ in deploying_actions(settings)} - {"*"}
        assert {arn.split(":")[1] for arn in arns} == {"aws-cn"}
        assert {arn.split(":")[3] for arn in arns} == {"cn-north-1", ""}

    def test_nothing_reads_a_secret(self, make_settings: MakeSettings) -> None:
        for resource, actions in deploying_actions(make_settings()):
            if any(action.startswith("ssm:") for action in actions):
                assert "parameter/aws/service/canonical/" in resource


@pytest.mark.parametrize(
    ("uallo", "shown"),
    [
        (0, "0 ALLO"),
        (1, "0.000000000000000001 ALLO"),
        (750_000_000, "0.00000000075 ALLO"),
        (25 * 10**17, "2.5 ALLO"),
        (1_234_567_890_000_000_000, "1.2346 ALLO"),
        (10**24, "1000000 ALLO"),
    ],
)
def test_amounts_for_people(uallo: int, shown: str) -> None:
    assert chain.allo(uallo) == shown


class TestApiUrl:
    def test_it_is_the_network_s(self, make_settings: MakeSettings) -> None:
        testnet = make_settings()
        assert testnet.api_url == "https://allora-api.testnet.allora.network"
        mainnet = make_settings(ALLORA_NETWORK="mainnet", ALLORA_WORKER_TOPIC_ID="1")
        assert mainnet.api_url == "https://allora-api.mainnet.allora.network"

    def test_a_slash_at_the_end_does_no_harm(self, make_settings: MakeSettings) -> None:
        settings = make_settings(ALLORA_API_URL="https://node.example.com/api/")
        assert settings.api_url == "https://node.example.com/api"

    @pytest.mark.parametrize(
        "text", ["node.example.com", "grpc+https://node.example.com:443", "https://x.example/?a=b"]
    )
    def test_what_is_no_such_url_is_refused(self, make_settings: MakeSettings, text: str) -> None:
        with pytest.raises(SettingsError, match="ALLORA_API_URL"):
            make_settings(ALLORA_API_URL=text)
