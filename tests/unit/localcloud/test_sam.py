"""Templates are read as CloudFormation reads them, and translated by SAM itself, offline."""

from pathlib import Path

import pytest

from localcloud.sam import load, read, translate
from localcloud.stack import TemplateError, Unsupported
from tests.builders import REGION

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def write(folder: Path, text: str, name: str = "template.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_dates_stay_text_as_policies_need_them() -> None:
    assert read("Version: 2012-10-17") == {"Version": "2012-10-17"}


@pytest.mark.parametrize(
    ("text", "named"),
    [("{A: 1, B: 2, A: 3}", "'A'.* stands twice"), ("Null: {a: 1}", "None.* is no text")],
)
def test_keys_that_cloudformation_refuses_are_refused(text: str, named: str) -> None:
    with pytest.raises(TemplateError, match=named):
        read(text)


def test_a_function_becomes_a_function_and_a_role_and_keeps_its_folder(tmp_path: Path) -> None:
    (tmp_path / "functions" / "look").mkdir(parents=True)
    path = write(
        tmp_path,
        SAM
        + """
Globals: {Function: {Runtime: python3.13, Handler: app.handler}}
Resources:
  LookFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/look, Policies: [], Environment: {Variables: {MODE: x}}}
""",
    )
    translated = translate(path, {}, REGION)
    kinds = {name: r["Type"] for name, r in translated.template["Resources"].items()}
    assert kinds == {
        "LookFunction": "AWS::Lambda::Function",
        "LookFunctionRole": "AWS::IAM::Role",
    }
    key = translated.template["Resources"]["LookFunction"]["Properties"]["Code"]["S3Key"]
    assert translated.artifacts[key] == tmp_path / "functions" / "look"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        SAM
        + """
Resources:
  LookFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/look, Runtime: python3.13, Handler: app.handler}
""",
    )
    with pytest.raises(TemplateError, match="CodeUri in LookFunction: no functions/look"):
        translate(path, {}, REGION)


def test_what_sam_refuses_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = write(tmp_path, SAM + "Resources: {F: {Type: AWS::Serverless::Function}}")
    with pytest.raises(TemplateError, match=r"SAM refuses template.yaml: .*\[F\]"):
        translate(path, {}, REGION)


def test_an_unknown_transform_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "Transform: AWS::LanguageExtensions\nResources: {}")
    with pytest.raises(Unsupported, match="AWS::LanguageExtensions"):
        translate(path, {}, REGION)


def test_an_included_file_is_put_in_and_may_hold_no_short_forms(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
Resources:
  Document:
    Type: AWS::SSM::Document
    Properties:
      Content: {"Fn::Transform": {Name: AWS::Include, Parameters: {Location: steps.yaml}}}
""",
    )
    write(tmp_path, "schemaVersion: '0.3'\nrole: {Ref: Role}", name="steps.yaml")
    content = load(path)["Resources"]["Document"]["Properties"]["Content"]
    assert content == {"schemaVersion": "0.3", "role": {"Ref": "Role"}}

    write(tmp_path, "role: !Ref Role", name="steps.yaml")
    with pytest.raises(Exception, match="!Ref"):
        load(path)
