"""Generate docs/configuration.md: `python -m settings.reference`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from settings.fleet import FleetOptions
from settings.fleet_file import FLEET_FILE, OF_A_WORKER
from settings.legacy import LEGACY
from settings.model import SECTIONS
from settings.variable import Section, default_text_of, example_of

OUTPUT = Path(__file__).parents[1] / "docs" / "configuration.md"

_HEAD = """\
<!-- Generated from settings/sections/ by `python -m settings.reference`; do not edit. -->
# Configuration

All settings of a deployment are in one file, `.env`, in the project's folder. `allora init` writes
it, or start with one of `samples/` and change what differs:

```sh
cp samples/testnet.env .env
```

`AWS_ACCOUNT_ID` and `AWS_REGION` are required; everything else has a default. The settings are
checked before anything is created: all problems are reported at once, each with its line and a
remedy.

## Where settings come from

1. **The file.** The one that the environment variable `ALLORA_ENV_FILE` names; without it, `.env`
   in the working directory, or else in the project's folder, so that `allora` works from anywhere.
2. **The environment**, for a variable that is not in the file; it is enough alone when there is no
   file, as in CI. `AWS_PROFILE` is read from the file only: in the environment it works as with
   every AWS tool.

The file wins. A pipenv of your own also loads `.env` into the environment, with `$` interpolated,
so that only this order gives the same values with it and without it; and an account that the file
names is never changed by a variable that a shell still remembers. Where the two differ, a warning
says so.

An empty value is the same as none: the default applies. (`ALLORA_INGRESS_CIDRS` must not be empty;
write `none` or networks.) A variable that is set twice, or unknown, is an error.

## How a file is written

| To write | Write |
|---|---|
| a comment | `# at the start of a line, or after a value and a blank` |
| a value | `AWS_REGION=us-east-1`; blanks around it do not count |
| a value with blanks or `#` | `NAME="with # in it"` or `NAME='with # in it'` |
| several lines | a quoted value may go over several lines |
| a quote inside quotes | use the other kind around it, or `\\"` and `\\'` |
| a backslash | `\\\\` inside quotes; in double quotes `\\n` is a new line and `\\t` a tab |
| a dollar sign | `$` always stands for itself: nothing is interpolated |

The file is UTF-8; a byte order mark and Windows line endings are welcome. `${`, `%{`, `#{` and
`&{`, with which an expression of Terraform or CDKTF begins, and characters that cannot be printed
are refused, except in what only the containers get: `MODEL_COMMAND`, `MODEL_ENV_VARS` and the
worker's three endpoints.

`MODEL_ENV_VARS` holds such a file inside a value, so that values with double quotes go into single
ones:

```sh
MODEL_ENV_VARS='
TOKEN="ETH"
TRAINING_DAYS="1"
'
```

The model server gets these values byte for byte.
"""

_FLEET = f"""\
## Many workers: `{FLEET_FILE}`

A file `{FLEET_FILE}` beside `.env` lists workers that run on AWS Fargate ([fleet.md](fleet.md)).
Start with [samples/fleet.toml](../samples/fleet.toml). `.env` has what all of them share,
`[workers.NAME]` what is different in one:

```toml
[fleet]
size = "0.25 vCPU, 0.5 GB"

[workers.btc-day]
ALLORA_WORKER_TOPIC_ID = 69

[workers.eth-5min]
ALLORA_WORKER_TOPIC_ID = 13
ALLORA_WORKER_TOKEN = "ETH"
capacity = "FARGATE_SPOT"
```

A name has at most 32 lower-case letters, digits and hyphens, a letter first. It is the worker's
`ALLORA_WORKER_NAME`: its wallet and its secrets have it in their path, so that another name is
another wallet. It must differ from the single host's. The order of the tables does not matter.

These keys say how a worker runs: in `[fleet]` all of them, in `[workers.NAME]` one.

"""

_VARIABLES_OF_A_WORKER = """\
These variables may be in `[workers.NAME]`, with the same meaning as in `.env`. A value is a string,
a whole number, or a list of these in place of commas:

"""

_NOT_OF_A_WORKER = """\

All workers have the account, region, state and network of `.env`. A worker without `MODEL_IMAGE`
runs the project's own model. Only the single host builds a model from `MODEL_REPO` or
`MODEL_FORGE`: if `.env` sets one of them, each worker needs a `MODEL_IMAGE`; `MODEL_IMAGE = ""` is
the project's own model. The settings of the instance, its data volume and its open port mean
nothing to a fleet.

All problems of the file are reported at once, each with the table and the key.

"""

_SECRETS = """\
## Secrets

No secret belongs in this file; where one is found, by its name or by its look, nothing is deployed.
Secrets live in AWS Systems Manager Parameter Store, encrypted, and the host reads them when it
starts:

| Secret | Command |
|---|---|
| the wallet's mnemonic | `allora wallet import` |
| the API key of developer.allora.network | `allora secret set api-key` |
| the token that consumers of port 9010 present | `allora secret set inference-token` |
| a variable of the model server, such as `CG_API_KEY` | `MODEL_SECRETS=CG_API_KEY` and \
`allora secret set model/CG_API_KEY` |
| AWS credentials | `aws configure` or `aws sso login`, and `AWS_PROFILE` |

Refused are:

- names that end with `_KEY`, `_TOKEN`, `_PASS` or `_PWD`, or hold `SECRET`, `PASSWORD`,
  `PASSPHRASE`, `MNEMONIC`, `CREDENTIAL` or `PRIVATE_KEY`, in the file and in `MODEL_ENV_VARS`;
  without a value they are ignored (`TOKEN` alone, `ALLORA_WORKER_TOKEN` and public keys are no
  secrets);
- the AWS tools' variables for credentials;
- values that hold what looks like a wallet mnemonic, a private key, or a well-known kind of access
  key, also in the middle of a command or a list;
- URLs with a user, a password or a key in them;
- commands that set a variable of such a name, as in `env CG_API_KEY=… python app.py`.
"""

_LEGACY_HEAD = """\
## Variables of the AWS blueprint that mean nothing any more

An `.env` of the Allora blueprint of
[AWS Blockchain Node Runners](https://github.com/aws-samples/aws-blockchain-node-runners) works,
in every revision, once its secrets are moved (see above); an instance of the family `t2` cannot
have a data volume here. These variables of it are ignored, each with a warning:

| Variable | Why |
|---|---|
"""


def render() -> str:
    """Return the page."""
    sections = "\n".join(_section(title, section) for title, section in SECTIONS.items())
    legacy = "".join(f"| `{name}` | {_cell(reason)} |\n" for name, reason in LEGACY.items())
    return f"{_HEAD}\n## Settings\n\n{sections}\n{_fleet()}{_SECRETS}\n{_LEGACY_HEAD}{legacy}"


def toml(example: str) -> str:
    """Return the example of an option of the fleet as the file has it."""
    return example if example in ("true", "false") else f'"{example}"'


def _fleet() -> str:
    options = "\n".join(_options(FleetOptions.model_fields.values()))
    variables = ", ".join(f"`{name}`" for name in sorted(OF_A_WORKER))
    return f"{_FLEET}{options}\n\n{_VARIABLES_OF_A_WORKER}{variables}.\n{_NOT_OF_A_WORKER}"


def _options(fields: Iterable[FieldInfo]) -> Iterator[str]:
    yield "| Key | Meaning | Default | Example |"
    yield "|---|---|---|---|"
    for field in fields:
        example = f"`{field.alias} = {toml(example_of(field))}`"
        cells = f"`{field.alias}`", str(field.description), default_text_of(field), example
        yield f"| {' | '.join(map(_cell, cells))} |"


def _section(title: str, section: type[Section]) -> str:
    fields = section.model_fields.values()
    return "\n".join([f"### {title}", "", *_table(fields), ""])


def _table(fields: Iterable[FieldInfo]) -> Iterator[str]:
    yield "| Variable | Meaning | Default | Example |"
    yield "|---|---|---|---|"
    for field in fields:
        default = "**required**" if field.is_required() else default_text_of(field)
        cells = f"`{field.alias}`", str(field.description), default, f"`{example_of(field)}`"
        yield f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    OUTPUT.write_text(render(), encoding="utf-8")
