"""An empty AWS account in this process, of moto's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

import boto3
import botocore.session
from botocore.loaders import Loader
from moto import mock_aws

#: AWS's descriptions of its services, some megabytes of JSON, are parsed once for all tests: moto starts each of them
#: with a new session, which would parse them again.
_DESCRIPTIONS = Loader()


@contextmanager
def empty_account(environment: Mapping[str, str]) -> Iterator[None]:
    """Until the block ends, boto3 talks to an account that holds nothing."""
    with mock.patch.dict(os.environ, environment), mock_aws():
        session = botocore.session.get_session()
        session.register_component("data_loader", _DESCRIPTIONS)
        boto3.setup_default_session(botocore_session=session)
        yield
