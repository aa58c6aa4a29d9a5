"""HCL expressions and blocks of Terraform's JSON."""

from __future__ import annotations

import pytest

from devtools.eject.blocks import NO_BLOCKS, block
from devtools.eject.expressions import Hcl, Json, write, write_document
from devtools.eject.refusal import CannotWriteError
from devtools.eject.templates import literally, parts_of


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", '"text"'),
        ("", '""'),
        ('a "quote" and \\', '"a \\"quote\\" and \\\\"'),
        ("${aws_vpc.one.id}", "aws_vpc.one.id"),
        ("vpc ${aws_vpc.one.id}", '"vpc ${aws_vpc.one.id}"'),
        ('${f("}")}', 'f("}")'),
        ('${f("\\"${a["}"]}")}', 'f("\\"${a["}"]}")'),
        ("${a}${b}", '"${a}${b}"'),
        ("$${literal} %%{text}", '"$${literal} %%{text}"'),
        ("%{ if a }b%{ endif }", '"%{ if a }b%{ endif }"'),
        (True, "true"),
        (None, "null"),
        (7.5e-10, "7.5e-10"),
        ([], "[]"),
        ({}, "{}"),
        (["a", 1], '["a", 1]'),
        ([{"b": 1, "name": "x"}], '[{ name = "x", b = 1 }]'),
        ({"a-b": 1, "c:d": 2, "for": 3}, '{\n  a-b = 1\n  "c:d" = 2\n  "for" = 3\n}'),
        (Hcl("var.size"), "var.size"),
    ],
)
def test_a_value_is_written_as_an_expression(value: Json, written: str) -> None:
    assert write(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("one\n  two\n", "<<-EOT\n  one\n    two\n  EOT"),
        ("one\n\ntwo", "chomp(<<-EOT\n  one\n\n  two\n  EOT\n)"),
        ("one ${a}\n$${b}\n", "<<-EOT\n  one ${a}\n  $${b}\n  EOT"),
        # A here-document would lose something of these.
        ("one\n", '"one\\n"'),
        ("  all\n  indented\n", '"  all\\n  indented\\n"'),
        ("one\n \ntwo", '"one\\n \\ntwo"'),
        ("one\ntwo\n\n", '"one\\ntwo\\n\\n"'),
        ("one\r\ntwo", '"one\\r\\ntwo"'),
        ("one\nEOT\ntwo", '"one\\nEOT\\ntwo"'),
    ],
)
def test_lines_become_a_here_document_that_keeps_them(value: str, written: str) -> None:
    assert write(value) == written


def test_a_json_document_is_written_as_its_content_with_its_templates() -> None:
    document = '{"Resource": "${aws_sns_topic.one.arn}", "Effect": "Allow", "n": "$${x}"}'
    assert write_document(document) == (
        'jsonencode({\n  Effect = "Allow"\n  Resource = aws_sns_topic.one.arn\n  n = "$${x}"\n})'
    )
    assert write_document("${data.aws_iam_policy.one.json}") == "data.aws_iam_policy.one.json"


@pytest.mark.parametrize("text", ["", "plain", "${a}", "%{ if }", "$${b}", "$ {", "a$${"])
def test_a_literal_text_has_no_code(text: str) -> None:
    template = literally(text)
    assert not any(part.is_code for part in parts_of(template))


def test_a_block_has_what_the_schema_calls_blocks_and_its_meta_arguments_last() -> None:
    schema = {"block_types": {"rule": {"block": NO_BLOCKS}, "none": {"block": NO_BLOCKS}}}
    content = {
        "rule": [{"port": 1}, {"port": 2}],
        "none": [],
        "tags": {"Name": "one"},
        "map": {"port": 3},
        "name": "one",
        "provider": "aws.other",
        "depends_on": ["aws_vpc.one"],
        "lifecycle": {
            "ignore_changes": ["ami"],
            "precondition": [{"condition": "${a > 0}", "error_message": "no"}],
        },
    }
    assert block('resource "x" "one"', content, schema) == (
        'resource "x" "one" {\n'
        "  provider = aws.other\n"
        "\n"
        '  name = "one"\n'
        "  map = {\n    port = 3\n  }\n"
        '  tags = {\n    Name = "one"\n  }\n'
        "\n"
        "  rule {\n    port = 1\n  }\n"
        "\n"
        "  rule {\n    port = 2\n  }\n"
        "\n"
        "  lifecycle {\n"
        "    ignore_changes = [ami]\n"
        "\n"
        '    precondition {\n      condition = a > 0\n      error_message = "no"\n    }\n'
        "  }\n"
        "\n"
        "  depends_on = [aws_vpc.one]\n"
        "}\n"
    )


def test_what_has_no_rule_is_refused_by_name() -> None:
    with pytest.raises(CannotWriteError, match=r"aws_instance.*provisioner"):
        block('resource "aws_instance" "one"', {"provisioner": {"local-exec": {}}}, NO_BLOCKS)
