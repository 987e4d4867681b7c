"""The template as YAML says it, and as CloudFormation gets it after SAM's transform."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from local.package import TEMPLATE

Template = dict[str, Any]


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _long_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {"Ref" if tag == "Ref" else f"Fn::{tag}": value}


_CloudFormationLoader.add_multi_constructor("!", _long_form)


@pytest.fixture(scope="session")
def template() -> Template:
    document: Template = yaml.load(TEMPLATE.read_text(), _CloudFormationLoader)  # noqa: S506  it is a SafeLoader
    return document


@pytest.fixture(scope="session")
def resources(template: Template) -> Template:
    found: Template = template["Resources"]
    return found


@pytest.fixture(scope="session")
def transformed(template: Template, region: None) -> Template:
    from samtranslator.translator.transform import transform  # noqa: PLC0415  half a second, only for who asks

    source = copy.deepcopy(template)
    for resource in source["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://bucket/key"
    logging.getLogger("samtranslator").setLevel(logging.ERROR)

    class NoManagedPolicies:
        def load(self) -> dict[str, str]:
            return {}

    result: Template = transform(source, {}, NoManagedPolicies())
    return result


@pytest.fixture(scope="session")
def region() -> Iterator[None]:
    """SAM's transform asks for one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "AWS_DEFAULT_REGION", "us-east-1")
        yield
