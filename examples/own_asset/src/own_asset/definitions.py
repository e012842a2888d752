"""An asset of one's own, read through the Clockify resource."""

from dagster import Definitions, EnvVar, asset

from clockify_dagster import ClockifyResource


@asset
def client_emails(clockify: ClockifyResource) -> list[str]:
    """The e-mail addresses of all clients, in every workspace."""
    client = clockify.client
    found = (each for workspace in client.workspaces().documents for each in client.clients(str(workspace["id"])))
    return sorted(str(each["email"]) for each in found if each.get("email"))


defs = Definitions(
    assets=[client_emails],
    resources={"clockify": ClockifyResource(api_key=EnvVar("CLOCKIFY_API_KEY"), region="euc1")},
)
