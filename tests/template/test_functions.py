"""One word, five places: state, function, folder, step and event carry the same name."""

import ast
import sys

import pytest
from pydantic import BaseModel

from responder.domain.errors import Broken
from responder.sources import feeds, touches
from responder.steps.mirror import incident_of
from responder.wiring import Settings
from tests.template.templates import (
    ROOT,
    as_list,
    docstring_of,
    event_of,
    functions,
    resources,
    statements,
    step,
    template,
)

VERBS = sorted(functions())


def test_every_function_folder_is_in_the_template_and_back() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert folders == set(VERBS)


def test_every_function_has_both_layers_and_the_runtime_of_the_stack() -> None:
    shared = template()["Globals"]["Function"]
    assert shared["Layers"] == [{"Ref": "ResponderLayer"}, {"Ref": "DependenciesLayer"}]
    for verb, properties in functions().items():
        assert not {"Handler", "Runtime", "Architectures"} & set(properties), verb
        # A third would make whoever answers an attack start later.
        more = [{"Ref": "ScanLayer"}] if verb in ("scan", "scope") else None
        assert properties.get("Layers") == more, verb


@pytest.mark.parametrize("verb", VERBS)
def test_logical_id_step_and_event_carry_the_functions_name(verb: str) -> None:
    logical_id = "".join(part.capitalize() for part in verb.split("_")) + "Function"
    assert logical_id in resources("AWS::Serverless::Function")
    assert (ROOT / f"layers/responder/responder/steps/{verb}.py").is_file()
    assert (ROOT / f"events/steps/{verb}.json").is_file()


@pytest.mark.parametrize("verb", VERBS)
def test_the_console_describes_a_function_in_the_words_of_its_code(verb: str) -> None:
    said = docstring_of(ROOT / f"functions/{verb}/app.py")
    assert functions()[verb]["Description"] == said


@pytest.mark.parametrize("verb", VERBS)
def test_a_role_may_do_what_its_step_calls_and_nothing_else(verb: str) -> None:
    allowed = {
        action
        for statement in statements(functions()[verb])
        for action in as_list(statement["Action"])
    }
    assert allowed == set(step(verb).PERMISSIONS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_statement_of_a_role_says_why_and_names_its_resources(verb: str) -> None:
    for statement in statements(functions()[verb]):
        assert statement["Sid"]
        assert statement["Effect"] == "Allow"
        assert not [action for action in as_list(statement["Action"]) if "*" in action]


@pytest.mark.parametrize("verb", VERBS)
def test_a_step_accepts_its_example_event(verb: str) -> None:
    event = event_of(verb)
    if verb == "intake":
        assert feeds.read_text(event["Records"][0]["body"])
        with pytest.raises(Broken):  # the second shows what a finding nobody can read looks like
            feeds.read_text(event["Records"][1]["body"])
    elif verb == "watch":
        assert touches.read_text(event["Records"][0]["body"])
    elif verb == "mirror":
        keys = [
            {name: value["S"] for name, value in record["dynamodb"]["Keys"].items()}
            for record in event["Records"]
        ]
        assert [incident_of(each) for each in keys]
    elif verb == "record":
        assert step(verb).read_request(event)
    else:
        model = getattr(step(verb), f"{verb.capitalize()}Request")
        assert issubclass(model, BaseModel)
        read_as = model.model_validate(event)
        fields = type(read_as).model_fields.items()
        read = {field.alias or name for name, field in fields}
        assert set(event) <= read, "the event says what nobody reads"


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_imports_only_the_package_and_what_its_layer_has(verb: str) -> None:
    tree = ast.parse((ROOT / f"functions/{verb}/app.py").read_text())
    imported = {
        alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
    }
    imported |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names)
    assert roots <= {"responder", "aws_lambda_powertools"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_is_told_only_what_the_wiring_reads(verb: str) -> None:
    told = set(functions()[verb].get("Environment", {}).get("Variables", {}))
    told |= set(template()["Globals"]["Function"]["Environment"]["Variables"])
    read = {name.upper() for name in Settings.model_fields} | {"POWERTOOLS_SERVICE_NAME"}
    assert told <= read


@pytest.mark.parametrize("verb", VERBS)
def test_handlers_stay_wiring(verb: str) -> None:
    """About 30 lines below the imports; what would make one longer belongs in its step."""
    code = (ROOT / f"functions/{verb}/app.py").read_text()
    assert len(code.partition("logger = Logger()")[2].splitlines()) <= 45
