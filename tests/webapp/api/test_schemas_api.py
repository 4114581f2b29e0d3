"""The JSON Schemas, for whoever asks."""

from webapp.api.plugin_schemas import schemas


async def test_schemas_are_listed_and_served_without_a_login(site):
    visitor = (await site.stranger()).client
    listed = (await visitor.get("/api/schemas")).json()
    assert [entry["name"] for entry in listed] == list(schemas())
    for entry in listed:
        answer = await visitor.get(entry["url"])
        assert answer.status_code == 200
        assert answer.json() == schemas()[entry["name"]]
    missing = await visitor.get("/api/schemas/nothing.json")
    assert (missing.status_code, missing.json()) == (404, {"error": "there is no schema 'nothing'"})
