"""The stack, kept running for experiments and scripts: `python -m local.serve`. Ctrl-C stops it."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import suppress

from local import engine
from local.deploy import DeployError, deploy
from local.engine import EngineError
from local.package import BuildError, build_all, this_machine
from local.stack import STATE, Stack

STACK_FILE = STATE / "stack.json"


def main() -> int:
    """Serve until Ctrl-C (or SIGTERM)."""
    parameters = dict(pair.split("=", 1) for pair in _options().parameter)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        build_all(this_machine())
        with engine.running() as aws, suppress(KeyboardInterrupt):
            stack = deploy(aws, parameters)
            stack.save(STACK_FILE)
            _tell(stack, str(aws.log))
            aws.process.wait()
            print("The AWS engine ended by itself.", file=sys.stderr)
            return 1
    except (BuildError, DeployError, EngineError) as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        STACK_FILE.unlink(missing_ok=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make serve", description=__doc__)
    parser.add_argument("parameter", nargs="*", metavar="NAME=VALUE", help="parameters of infra/template.yaml")
    return parser.parse_args()


def _tell(stack: Stack, log: str) -> None:
    print(
        f"""
The stack is up. Its values are in {STACK_FILE.relative_to(STATE.parent)}; Ctrl-C stops it.

  the API        {stack.api}   (for clients of Tencent VOD's, Huawei MPC's and Alibaba's CreateGifTask)
  access key     {stack.secret_id} / {stack.secret_key}   (project {stack.project_id})
  AWS endpoint   {stack.aws_endpoint}   (any AWS SDK; keys {stack.aws_access_key_id} / {stack.aws_secret_access_key})
  upload to      s3://{stack.upload_bucket}
  images from    s3://{stack.output_bucket}
  sources from   http://{stack.private_target}   (a free port: the one private address to fetch from and call)
  log            {log}

An unmodified client of Tencent VOD's (pip install tencentcloud-sdk-python-vod):

  from tencentcloud.common.credential import Credential
  from tencentcloud.common.profile.client_profile import ClientProfile
  from tencentcloud.common.profile.http_profile import HttpProfile
  from tencentcloud.vod.v20180717 import models, vod_client

  http = HttpProfile(protocol="http", endpoint="{stack.api.removeprefix("http://")}")
  keys = Credential("{stack.secret_id}", "{stack.secret_key}")
  client = vod_client.VodClient(keys, "", ClientProfile(httpProfile=http))
  print(client.DescribeAnimatedGraphicsTemplates(models.DescribeAnimatedGraphicsTemplatesRequest()))

The others' clients, ready to run:

  .venv/bin/python examples/huawei_mpc_client.py {STACK_FILE.relative_to(STATE.parent)} KEY_OF_AN_UPLOADED_VIDEO
  .venv/bin/python examples/alibaba_gif_client.py {STACK_FILE.relative_to(STATE.parent)} ADDRESS_OF_A_VIDEO
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
