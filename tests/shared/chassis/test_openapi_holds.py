"""The OpenAPI document of the sample service is true."""

import generated_requests


def test_every_route_keeps_to_its_document(client):
    maker = client.as_role("all")
    maker.post("/gadgets/api/v1/gadgets", json={"name": "one"})
    assert generated_requests.check(maker, "/gadgets/openapi.json") == 7
