from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from local import package
from local.engine import free_ports
from local.stack import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Stack, connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.engine import Engine

STACK_NAME = "cliploop"
_ARTIFACTS = "cliploop-artifacts"
_TIMEOUT_S = 60
_APP_ID = "1300000000"  # the template's default


class DeployError(Exception):
    """The stack was not created; the message lists what CloudFormation said about each resource."""


def deploy(engine: Engine, parameters: Mapping[str, str] | None = None) -> Stack:
    """Build and deploy the real template with this machine's runtime and architecture."""
    target = package.this_machine()
    private_target = f"127.0.0.1:{free_ports(1)[0]}"
    template_url = _upload_code(engine, package.build_all(target))
    values = {
        "PythonRuntime": _lambda_runtime(target),
        "Architecture": target.architecture,
        "AllowedPrivateTargets": private_target,
        **(parameters or {}),
    }
    cloudformation = connect(engine.endpoint, "cloudformation")
    cloudformation.create_stack(
        StackName=STACK_NAME,
        TemplateURL=template_url,
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    return _stack(engine, values, _outputs(cloudformation))


def _lambda_runtime(target: package.Target) -> str:
    """One that the template allows. The engine runs functions on this interpreter whatever the template says."""
    return "python3.12" if target.runtime == "python3.11" else target.runtime


def _upload_code(engine: Engine, folders: Mapping[package.Artifact, Path]) -> str:
    """Put the packages into a bucket and name them in the template, as `sam deploy` does. Nothing else is changed.

    Returns the template's address: it has more than the 51,200 bytes that a call may hold, so it goes there, too.
    """
    s3 = connect(engine.endpoint, "s3")
    s3.create_bucket(Bucket=_ARTIFACTS)
    template = package.TEMPLATE.read_text()
    for artifact, folder in folders.items():
        archive = package.zip_folder(folder, compress=not artifact.is_layer)
        s3.put_object(Bucket=_ARTIFACTS, Key=archive.name, Body=archive.read_bytes())
        template = template.replace(f"Uri: {artifact.uri}\n", f"Uri: s3://{_ARTIFACTS}/{archive.name}\n")
    s3.put_object(Bucket=_ARTIFACTS, Key=package.TEMPLATE.name, Body=template.encode())
    return f"{engine.endpoint}/{_ARTIFACTS}/{package.TEMPLATE.name}"


def _outputs(cloudformation: Any) -> dict[str, str]:
    end = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < end:
        (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        if stack["StackStatus"] != "CREATE_IN_PROGRESS":
            raise DeployError(f"The stack is {stack['StackStatus']}.\n{_reasons(cloudformation)}")
        time.sleep(0.1)
    raise DeployError(f"The stack was not ready after {_TIMEOUT_S} s.\n{_reasons(cloudformation)}")


def _reasons(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    return "\n".join(
        f"  {each['LogicalResourceId']}: {each['ResourceStatusReason']}"
        for each in events
        if "FAILED" in each["ResourceStatus"] and each.get("ResourceStatusReason")
    )


def _stack(engine: Engine, parameters: Mapping[str, str], outputs: Mapping[str, str]) -> Stack:
    secrets = connect(engine.endpoint, "secretsmanager")
    key = json.loads(secrets.get_secret_value(SecretId=outputs["AccessKeysSecretArn"])["SecretString"])
    return Stack(
        api=engine.front_door,
        aws_endpoint=engine.endpoint,
        region=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        upload_bucket=outputs["UploadBucketName"],
        output_bucket=outputs["OutputBucketName"],
        table=outputs["TasksTableName"],
        catalog_table=outputs["CatalogTableName"],
        bus=outputs["EventBusName"],
        project_id=outputs["ProjectId"],
        app_id=int(parameters.get("AppId", _APP_ID)),
        uploads_queue_url=outputs["UploadsQueueUrl"],
        work_queue_url=outputs["WorkQueueUrl"],
        callbacks_queue_url=outputs["CallbacksQueueUrl"],
        secret_id=key["secret_id"],
        secret_key=key["secret_key"],
        private_target=parameters["AllowedPrivateTargets"].partition(",")[0],
    )
