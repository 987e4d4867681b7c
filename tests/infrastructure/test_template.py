"""What the local engine does not enforce, and what no linter knows, asserted on the template itself."""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from cliploop import settings
from cliploop.adapters.dynamodb_files import SORT_KEY as FILE_KEY
from cliploop.adapters.sqs_retry import callback_delay_s
from cliploop.adapters.task_rows import SORT_KEY
from cliploop.domain.limits import Limits
from cliploop.domain.upload import APPLIED_PREFIX
from local.package import TEMPLATE
from tests import tables
from tests.infrastructure.conftest import Template

pytestmark = pytest.mark.infra

SETTINGS = {
    "OnUploadFunction": settings.OnUploadSettings,
    "OnTaskChangeFunction": settings.OnTaskChangeSettings,
    "SendCallbackFunction": settings.SendCallbackSettings,
    "QueryTasksFunction": settings.QueryTasksSettings,
    "ManageTasksFunction": settings.ManageTasksSettings,
    "SweepFunction": settings.SweepSettings,
}
FUNCTIONS = tuple(SETTINGS)
#: What every function is told (Globals), whether it reads it or not.
TOLD_TO_ALL = {"CLIPLOOP_PROJECT_ID", "CLIPLOOP_APP_ID", "CLIPLOOP_TASKS_TABLE"}
TWO_WEEKS_S = 14 * 24 * 3600


def properties(resources: Template, name: str) -> Any:
    return resources[name]["Properties"]


def of_type(resources: Template, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def references(value: Any) -> Iterator[str]:
    """Every name that a value refers to by Ref, GetAtt or Sub."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif key == "Fn::Sub":
                yield from re.findall(r"\$\{(\w+)", inner if isinstance(inner, str) else inner[0])
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def statements(resources: Template, role: str) -> list[Any]:
    return [
        statement
        for policy in properties(resources, role)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def actions(resources: Template, role: str) -> set[str]:
    found: set[str] = set()
    for statement in statements(resources, role):
        action = statement["Action"]
        found |= {action} if isinstance(action, str) else set(action)
    return found


# --- the whole -----------------------------------------------------------------------------------


def test_the_linter_finds_nothing() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--format", "parseable", "--", TEMPLATE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, "")


def test_no_resource_needs_itself_after_the_transform(transformed: Template) -> None:
    resources = transformed["Resources"]
    graph = {
        name: {other for other in references(each) if other in resources}
        | set([each["DependsOn"]] if isinstance(each.get("DependsOn"), str) else each.get("DependsOn", []))
        for name, each in resources.items()
    }
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError
    assert set(order) == set(resources)


def test_an_alias_stands_between_each_function_and_its_callers(transformed: Template) -> None:
    resources = transformed["Resources"]
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    called = [each["FunctionName"]["Ref"] for each in mappings]
    called += [each["FunctionName"]["Ref"] for each in of_type(resources, "AWS::Lambda::Permission").values()]
    called += [
        each["IntegrationUri"]["Ref"] for each in of_type(resources, "AWS::ApiGatewayV2::Integration").values()
    ]
    assert len(called) == 9
    assert {resources[name]["Type"] for name in called} == {"AWS::Lambda::Alias"}


def test_a_changed_setting_or_layer_publishes_a_version(template: Template) -> None:
    common = template["Globals"]["Function"]
    assert (common["AutoPublishAlias"], common["AutoPublishAliasAllProperties"]) == ("live", True)


def test_only_runtimes_with_the_glibc_of_ffmpeg_are_allowed(template: Template) -> None:
    (rule,) = template["Rules"].values()
    (assertion,) = rule["Assertions"]
    allowed, parameter = assertion["Assert"]["Fn::Contains"]
    assert parameter == {"Ref": "PythonRuntime"}
    assert allowed == template["Parameters"]["PythonRuntime"]["AllowedValues"]
    assert all(tuple(map(int, name.removeprefix("python").split("."))) >= (3, 12) for name in allowed)
    assert template["Parameters"]["PythonRuntime"]["Default"] == "python3.13"
    assert template["Parameters"]["Architecture"]["Default"] == "arm64"


def test_the_project_of_a_stack_without_one_is_the_uuid_in_its_id(template: Template) -> None:
    given, otherwise = template["Outputs"]["ProjectId"]["Value"]["Fn::If"][1:]
    assert given == {"Ref": "ProjectId"}
    assert otherwise == {
        "Fn::Join": ["", {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]
    }
    assert (
        template["Globals"]["Function"]["Environment"]["Variables"]["CLIPLOOP_PROJECT_ID"]
        == (template["Outputs"]["ProjectId"]["Value"])
    )


# --- buckets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["UploadBucket", "OutputBucket"])
def test_a_bucket_is_private_versioned_encrypted_and_forgets_unfinished_uploads(
    resources: Template, name: str
) -> None:
    bucket = properties(resources, name)
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["BucketEncryption"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert 0 < rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] <= 7


@pytest.mark.parametrize("name", ["UploadBucket", "OutputBucket"])
def test_a_bucket_refuses_plain_http(resources: Template, name: str) -> None:
    policy = properties(resources, f"{name}Policy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Bucket"] == {"Ref": name}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_only_uploads_are_announced(resources: Template) -> None:
    announced = properties(resources, "UploadBucket")["NotificationConfiguration"]
    assert announced == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert "NotificationConfiguration" not in properties(resources, "OutputBucket")


# --- queues --------------------------------------------------------------------------------------


def test_the_rule_takes_every_created_object_of_the_bucket_and_of_no_other(resources: Template) -> None:
    rule = properties(resources, "UploadRule")
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "UploadBucket"}]}},
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["UploadsQueue", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["UploadsDeadLetters", "Arn"]}}


def test_nobody_but_the_rule_may_send_to_the_uploads_queue(resources: Template) -> None:
    (statement,) = properties(resources, "UploadsQueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["UploadRule", "Arn"]}}}
    assert len(of_type(resources, "AWS::SQS::QueuePolicy")) == 1


@pytest.mark.parametrize("name", ["UploadsQueue", "WorkQueue"])
def test_a_queue_waits_six_timeouts_and_lays_aside_after_five_tries(resources: Template, name: str) -> None:
    queue = properties(resources, name)
    assert queue["VisibilityTimeout"] >= 6 * properties(resources, "OnUploadFunction")["Timeout"]
    assert queue["VisibilityTimeout"] <= 12 * 3600  # SQS's limit
    dead_letters = name.removesuffix("Queue") + "DeadLetters"
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": 5,
    }


def test_queues_are_encrypted_and_dead_letters_are_kept_two_weeks(resources: Template) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    dead = {name: queue for name, queue in queues.items() if name.endswith("DeadLetters")}
    assert {name: queue["MessageRetentionPeriod"] for name, queue in dead.items()} == {
        "UploadsDeadLetters": TWO_WEEKS_S,
        "WorkDeadLetters": TWO_WEEKS_S,
        "TaskChangesDeadLetters": TWO_WEEKS_S,
        "CallbacksDeadLetters": TWO_WEEKS_S,
    }


def test_a_callback_is_tried_for_a_day_at_least_before_it_is_laid_aside(resources: Template) -> None:
    queue = properties(resources, "CallbacksQueue")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["CallbacksDeadLetters", "Arn"]}
    pauses = range(1, queue["RedrivePolicy"]["maxReceiveCount"])  # one between two tries
    shortest = sum(callback_delay_s(count, lambda _: 0) for count in pauses)
    longest = sum(callback_delay_s(count, lambda end: end - 1) for count in pauses)
    a_day_s = 24 * 3600
    assert a_day_s <= shortest <= longest < 3 * a_day_s
    assert max(callback_delay_s(count, lambda end: end - 1) for count in pauses) < 12 * 3600  # SQS's limit
    # What is older than that is deleted by SQS, and never laid aside; the age goes on in the dead-letter queue.
    assert queue["MessageRetentionPeriod"] == TWO_WEEKS_S > 4 * longest


def test_the_first_tries_of_a_callback_come_within_half_a_minute() -> None:
    assert sum(callback_delay_s(count, lambda end: end - 1) for count in (1, 2)) <= 30


def test_a_callback_has_the_function_for_itself(template: Template) -> None:
    source = properties(template["Resources"], "SendCallbackFunction")["Events"]["Callbacks"]["Properties"]
    assert source["BatchSize"] == 1
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]  # else failures would slow the polling down
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "CallbackConcurrency"}}
    assert template["Parameters"]["CallbackConcurrency"]["Default"] >= 10


def test_the_keys_of_callbacks_are_made_by_the_stack(resources: Template) -> None:
    made = properties(resources, "CallbackKeysSecret")["GenerateSecretString"]
    assert (made["SecretStringTemplate"], made["GenerateStringKey"]) == ("{}", "key")
    assert made["PasswordLength"] == 64
    left = set(map(chr, range(0x21, 0x7F))) - set(made["ExcludeCharacters"])
    assert left == set(string.ascii_letters + string.digits)


# --- tables --------------------------------------------------------------------------------------


def test_tables_are_paid_per_request_and_recoverable(resources: Template) -> None:
    tables = of_type(resources, "AWS::DynamoDB::Table")
    assert set(tables) == {"TasksTable", "CatalogTable"}
    for table in tables.values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_task_rows_expire_and_their_changes_are_streamed_whole(resources: Template) -> None:
    table = properties(resources, "TasksTable")
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "StreamSpecification" not in properties(resources, "CatalogTable")


def test_the_indexes_of_the_tasks_are_those_that_the_contract_tests_use(resources: Template) -> None:
    indexes = properties(resources, "TasksTable")["GlobalSecondaryIndexes"]
    assert indexes == [tables.index(name, *keys) for name, keys in tables.INDEXES.items()]


# --- functions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_exactly_what_its_settings_read(template: Template, name: str) -> None:
    variables = {
        **template["Globals"]["Function"]["Environment"]["Variables"],
        **template["Resources"][name]["Properties"]["Environment"]["Variables"],
    }
    told = {each for each in variables if each.startswith("CLIPLOOP_")}
    read = {f"CLIPLOOP_{field.name.upper()}" for field in fields(SETTINGS[name])}
    assert read <= told
    assert told - read <= TOLD_TO_ALL


def test_work_comes_one_by_one_and_uploads_in_batches(resources: Template) -> None:
    sources = {name: each["Properties"] for name, each in properties(resources, "OnUploadFunction")["Events"].items()}
    assert sources["Work"]["BatchSize"] == 1
    assert sources["Work"]["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkConcurrency"}}
    assert sources["Uploads"]["BatchSize"] == 10
    assert sources["Uploads"]["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert all(each["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for each in sources.values())


def test_a_bad_stream_record_cannot_stop_its_shard(resources: Template) -> None:
    source = properties(resources, "OnTaskChangeFunction")["Events"]["TaskChanges"]["Properties"]
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 0 < source["MaximumRetryAttempts"] <= 10
    assert source["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["TaskChangesDeadLetters", "Arn"]
    }
    patterns = [json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"]]
    assert patterns == [
        {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": [SORT_KEY]}}}},
        {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [FILE_KEY]}}}},
    ]
    assert source["StartingPosition"] == "TRIM_HORIZON"


def test_timeouts_fit_what_waits_for_them(resources: Template) -> None:
    assert properties(resources, "OnUploadFunction")["Timeout"] == 900  # Lambda's most
    for name in ("QueryTasksFunction", "ManageTasksFunction"):
        assert properties(resources, name)["Timeout"] < 30  # an HTTP API's patience
    assert (
        properties(resources, "CallbacksQueue")["VisibilityTimeout"]
        >= 6 * properties(resources, "SendCallbackFunction")["Timeout"]
    )
    assert properties(resources, "OnTaskChangeFunction")["Timeout"] <= 60


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_a_log_that_ends_and_is_told_to_write_json(resources: Template, name: str) -> None:
    logging = properties(resources, name)["LoggingConfig"]
    assert logging["LogFormat"] == "JSON"
    assert 1 <= properties(resources, logging["LogGroup"]["Ref"])["RetentionInDays"] <= 90


# --- rights --------------------------------------------------------------------------------------


def test_no_role_has_a_wildcard_in_an_action(transformed: Template) -> None:
    roles = of_type(transformed["Resources"], "AWS::IAM::Role")
    assert set(roles) == {  # SAM added none of its own
        "OnUploadRole",
        "OnTaskChangeRole",
        "SendCallbackRole",
        "QueryTasksRole",
        "ManageTasksRole",
        "SweepRole",
        "UploadGrantRole",
    }
    for name in roles:
        assert not {action for action in actions(transformed["Resources"], name) if "*" in action}
        assert "ManagedPolicyArns" not in roles[name]


def test_only_what_knows_no_resource_is_granted_on_all(resources: Template) -> None:
    for role in of_type(resources, "AWS::IAM::Role"):
        everywhere = [each["Action"] for each in statements(resources, role) if each["Resource"] == "*"]
        assert everywhere == (["dynamodb:ListStreams"] if role == "OnTaskChangeRole" else [])


def test_queries_can_only_read(resources: Template) -> None:
    assert actions(resources, "QueryTasksRole") == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "secretsmanager:GetSecretValue",  # who asks
    }


def test_who_calls_other_peoples_addresses_may_do_nothing_else(resources: Template) -> None:
    rights = [
        each
        for each in statements(resources, "SendCallbackRole")
        if each["Sid"] not in {"WriteItsLog", "TakeMessages"}
    ]
    assert {each["Action"]: each["Resource"] for each in rights} == {
        "dynamodb:GetItem": {"Fn::GetAtt": ["CatalogTable", "Arn"]},
        "secretsmanager:GetSecretValue": {"Fn::GetAtt": ["CallbackKeysSecret", "Id"]},
        "sqs:SendMessage": {"Fn::GetAtt": ["CallbacksDeadLetters", "Arn"]},
    }


def test_nobody_else_may_read_what_callbacks_are_signed_with(resources: Template) -> None:
    readers = {
        role
        for role in of_type(resources, "AWS::IAM::Role")
        for statement in statements(resources, role)
        if "CallbackKeysSecret" in set(references(statement["Resource"]))
    }
    assert readers == {"SendCallbackRole"}


def test_an_upload_that_was_applied_for_can_only_go_where_nothing_starts_by_itself(resources: Template) -> None:
    (statement,) = statements(resources, "UploadGrantRole")
    assert statement["Resource"] == {"Fn::Sub": f"${{UploadBucket.Arn}}/{APPLIED_PREFIX}*"}
    (trust,) = properties(resources, "UploadGrantRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["ManageTasksRole", "Arn"]}}


def test_no_private_address_is_called_unless_the_operator_says_so(template: Template) -> None:
    assert template["Parameters"]["AllowedPrivateTargets"]["Default"] == ""


def test_no_route_is_there_that_is_not_named_here(resources: Template) -> None:
    routes = of_type(resources, "AWS::ApiGatewayV2::Route")
    assert {each["RouteKey"]: each["AuthorizationType"] for each in routes.values()} == {
        # The functions themselves verify who calls: tests/e2e/test_api.py sends unsigned requests.
        "GET /v1/{project_id}/animated-graphics": "NONE",
        "$default": "NONE",
    }
    (stage,) = of_type(resources, "AWS::ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"


def test_the_limits_of_the_template_are_those_of_the_code(template: Template) -> None:
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    limits = Limits()
    assert [defaults[name] for name in ("MaxFrames", "MaxPixels", "MaxOutputBytes", "MaxSourcePixels")] == [
        limits.frames,
        limits.pixels,
        limits.bytes,
        limits.source_pixels,
    ]
