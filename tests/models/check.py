"""Checks inputs of AWS resources with AWS's own models. Reads one JSON document from stdin, writes the findings as JSON.

`calls`: API calls, with botocore's validator, and patterns, enums and lengths of its models, which that validator ignores.
`template`: CloudFormation templates, with cfn-lint. `policies`: IAM policies, with parliament. `dashboards`: dashboard bodies.
"""

import json
import pathlib
import sys

# A template has the resources of several deployments with the same names.
REPEATED_NAMES = ["E3019"]


def calls(document):
    import botocore.loaders
    import botocore.model
    import botocore.validate

    loader = botocore.loaders.Loader()
    models = {}

    def model(service):
        if service not in models:
            models[service] = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
        return models[service]

    findings = []
    for call in document:
        shape = model(call["service"]).operation_model(call["operation"]).input_shape
        report = botocore.validate.ParamValidator().validate(call["params"], shape)
        problems = [report.generate_report()] if report.has_errors() else list(constraints(shape, call["params"], "params"))
        findings += [f"{call['resource']}: {call['operation']}: {problem}" for problem in problems]
    return findings


def whole_characters(pattern):
    """Java writes the characters above U+FFFF as ranges of two halves."""
    return pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


def constraints(shape, value, path):
    """What a value of a valid type breaks: the model's enum, pattern, minimum and maximum."""
    import regex

    if shape.type_name == "structure":
        for name, member in value.items():
            yield from constraints(shape.members[name], member, f"{path}.{name}")
        return
    limits = shape.metadata
    size = value if shape.type_name in ("integer", "long", "float", "double") else None
    if isinstance(value, (str, list, dict)):
        size = len(value)
    if size is not None and not isinstance(value, bool):
        if "min" in limits and size < limits["min"]:
            yield f"{path}: {size} is less than {limits['min']}"
        if "max" in limits and size > limits["max"]:
            yield f"{path}: {size} is more than {limits['max']}"
    if shape.type_name == "string":
        if "enum" in limits and value not in limits["enum"]:
            yield f"{path}: {value!r} is not one of {limits['enum']}"
        if "pattern" in limits and regex.search(f"^(?:{whole_characters(limits['pattern'])})$", value) is None:
            yield f"{path}: {value!r} does not match {limits['pattern']}"
    if shape.type_name == "list":
        for index, member in enumerate(value):
            yield from constraints(shape.member, member, f"{path}[{index}]")
    if shape.type_name == "map":
        for key, member in value.items():
            yield from constraints(shape.key, key, f"{path} key")
            yield from constraints(shape.value, member, f"{path}[{key!r}]")


def template(document):
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    return [
        f"{match.rule.id} {'/'.join(map(str, match.path or []))}: {match.message}"
        for one in document
        for match in lint(json.dumps(one["template"]), None, config=ManualArgs(regions=[one["region"]], ignore_checks=REPEATED_NAMES))
    ]


def policies(document):
    import re

    from parliament import analyze_policy_string

    findings = []
    for one in document:
        # A stream's ARN ends with a time. parliament splits an ARN at every colon, also at those of the time.
        policy = re.sub(r'(/stream/)[^"]+', r"\1*", one["policy"])
        analyzed = analyze_policy_string(policy, one["name"])
        findings += [f"{one['name']}: {finding.issue} {finding.detail}" for finding in analyzed.findings]
    return findings


def dashboards(document):
    from jsonschema import Draft202012Validator

    schema = json.loads((pathlib.Path(__file__).parent / "dashboard-body.schema.json").read_text())
    validator = Draft202012Validator(schema)
    return [f"{one['name']}: {error.json_path}: {error.message}" for one in document for error in validator.iter_errors(json.loads(one["body"]))]


if __name__ == "__main__":
    checks = {"calls": calls, "template": template, "policies": policies, "dashboards": dashboards}
    json.dump(checks[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
