"""Calls to the actions on templates and procedures, as the frame makes them, of a catalog in memory."""

from __future__ import annotations

from typing import Any, cast

from cliploop.application.manage_procedures import ManageProcedures
from cliploop.application.manage_templates import ManageTemplates
from cliploop.dialects.operation import Call
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action
from cliploop.dialects.tencent_vod.actions import procedures, templates
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import CliploopError
from cliploop.domain.project import Project
from cliploop.testing import InMemoryCatalog, InMemoryCatalogEditor, SettableClock

PROJECT = Project("p" * 32, 1256768367)
BY_NAME = {action.name: action for action in (*templates.ACTIONS, *procedures.ACTIONS)}
#: Codes that the frame gives, for any action: after a failure inside, or of a SubAppId of somebody else's.
OF_THE_FRAME = {"InternalError", "UnauthorizedOperation", "InvalidParameterValue.SubAppId"}


class Api:
    """The use cases behind the actions, and what they keep."""

    def __init__(self) -> None:
        self.clock = SettableClock(1_800_000_000_000)
        self.catalog = InMemoryCatalog()
        editor = InMemoryCatalogEditor(self.catalog)
        self.templates = ManageTemplates(editor, self.clock)
        self.procedures = ManageProcedures(self.catalog, editor, self.clock)
        self.calls = 0

    def ask(self, name: str, **parameters: Any) -> dict[str, Any]:
        """The reply to a request, without its id."""
        self.calls += 1
        action = BY_NAME[name]
        values = action.read(parameters, textual=False)
        return action.answer(cast("UseCases", self), Call(PROJECT, f"token {self.calls}", values))

    def ask_textually(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """The reply to the same request sent as a query, whose values are all text."""
        action = BY_NAME[name]
        values = action.read(parameters, textual=True)
        return action.answer(cast("UseCases", self), Call(PROJECT, "textual", values))

    def refused(self, name: str, **parameters: Any) -> tuple[str, str]:
        """The code and the message that a request is refused with; empty ones where it is answered."""
        try:
            self.ask(name, **parameters)
        except (Refusal, CliploopError) as error:
            return code(BY_NAME[name], error), str(error)
        return "", ""


def code(action: Action, error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.code
    assert isinstance(error, CliploopError)
    return action.refusal_of(error).code


def fields_of(model: type) -> set[str]:
    """The names of the fields of one of the vendor's models."""
    return {name for name, value in vars(model).items() if isinstance(value, property)}
