"""A deployed stack, found by its name, and its sweep function, which does what the operator asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError

#: The output of infra/template.yaml that names the function.
_OUTPUT = "SweepFunctionName"
#: Lambda's longest invocation, and a little for the way. Nothing is asked twice: the second answer would be another.
_SWEEP = Config(read_timeout=910, retries={"total_max_attempts": 1})
_LOOK = Config(connect_timeout=10, read_timeout=30, retries={"total_max_attempts": 3})

_CREDENTIALS = (
    "Set AWS_PROFILE or --profile to one that is signed in, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
)
#: botocore's own errors by the names of their classes: there are many, of which few are told apart here.
_BEFORE_ASKING = {
    "NoCredentialsError": f"There are no AWS credentials. {_CREDENTIALS}",
    "PartialCredentialsError": f"Half of the AWS credentials are missing. {_CREDENTIALS}",
    "CredentialRetrievalError": f"The AWS credentials could not be fetched. {_CREDENTIALS}",
    "UnauthorizedSSOTokenError": "The sign-in has expired; run: aws sso login",
    "SSOTokenLoadError": "Nobody is signed in; run: aws sso login",
    "TokenRetrievalError": "The sign-in has expired; run: aws sso login",
    "ProfileNotFound": "There is no such AWS profile; see: aws configure list-profiles",
    "NoRegionError": "Name the region that the stack is in, by --region or AWS_REGION.",
    "InvalidRegionError": "That is no name of a region; give one as in: --region eu-north-1",
    "ReadTimeoutError": "The stack did not answer in a quarter of an hour; ask again for what has no outcome yet.",
}
_REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_NOBODY = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
)


@dataclass(frozen=True)
class Sweeper:
    """The sweep function of one stack."""

    function: str
    client: Any

    def ask(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The function's answer to an event.

        Raises:
            CliploopError: it could not be asked, failed, or did not understand.
        """
        with _in_words("lambda:InvokeFunction"):
            reply = self.client.invoke(FunctionName=self.function, Payload=json.dumps(event).encode())
            answer = _read(reply["Payload"].read())
        if "FunctionError" in reply:
            raise _failed(
                f"The function {self.function} failed; its log group says why.", str(answer.get("errorMessage"))
            )
        if "error" in answer:
            raise _failed(f"The stack did not take the order: {answer['error']}", json.dumps(event))
        return answer


def find(stack: str, *, region: str, profile: str, endpoint_url: str) -> Sweeper:
    """The sweep function of the stack that has this name; empty settings are those that boto3 finds.

    Raises:
        InvalidRequestError: there is no such stack.
        CliploopError: AWS cannot be asked, or the stack has no such function.
    """
    with _in_words("cloudformation:DescribeStacks"):
        session = boto3.Session(profile_name=profile or None, region_name=region or None)
        where = session.region_name
        connect: Any = session.client
        cloudformation = connect("cloudformation", endpoint_url=endpoint_url or None, config=_LOOK)
        outputs = _outputs(cloudformation, stack, where or "")
        if _OUTPUT not in outputs:
            raise _failed(
                f"The stack {stack} has no output {_OUTPUT}: it was deployed by an older release, or is not one of "
                f"cliploop's. Deploy this release first.",
                f"its outputs are {sorted(outputs)}",
            )
        return Sweeper(outputs[_OUTPUT], connect("lambda", endpoint_url=endpoint_url or None, config=_SWEEP))


def _outputs(cloudformation: Any, stack: str, region: str) -> dict[str, str]:
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        # CloudFormation has no code of its own for a name that it does not know.
        if _code_of(error) != "ValidationError":
            raise
        raise InvalidRequestError(
            "--stack", f"There is no stack {stack} in {region}; name it by --stack, and its region by --region."
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


@contextmanager
def _in_words(right: str) -> Iterator[None]:
    """AWS's errors in sentences for whoever typed the command; ``right`` is what it takes."""
    try:
        yield
    except ClientError as error:
        raise _failed(_sentence(_code_of(error), right), str(error)) from error
    except BotoCoreError as error:
        text = next((_BEFORE_ASKING[each] for each in _names_of(error) if each in _BEFORE_ASKING), None)
        raise _failed(
            text or "AWS does not answer; check the network, --region and --endpoint-url.", str(error)
        ) from (error)
    except ValueError as error:  # an address that boto3 cannot read
        raise InvalidRequestError("--endpoint-url", f"The command cannot be carried out: {error}.") from error


def _sentence(code: str, right: str) -> str:
    if code in _REFUSED:
        return f"These AWS credentials may not do this; it takes {right}."
    if code in _NOBODY:
        return f"AWS does not take these credentials ({code}). {_CREDENTIALS}"
    if code == "ResourceNotFoundException":
        return "The stack's sweep function is gone; deploy the stack again."
    return f"AWS refused with {code}; --verbose shows its words."


def _names_of(error: Exception) -> Sequence[str]:
    return [each.__name__ for each in type(error).__mro__]


def _read(payload: bytes) -> dict[str, Any]:
    answer = json.loads(payload or b"null")
    return answer if isinstance(answer, dict) else {"error": f"its answer was {payload[:200]!r}"}


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _failed(text: str, log_text: str) -> CliploopError:
    return CliploopError(ErrorCode.UNAVAILABLE, text, log_text=log_text)
