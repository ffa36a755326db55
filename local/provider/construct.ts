import * as grpc from "@grpc/grpc-js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { messages, ResourceMonitorClient, registrations } from "./pulumi-protocol";

/**
 * Constructs a remote component such as `awsx:ec2:Vpc`: the provider registers it with the engine, here without the children
 * that it has in AWS. In a preview its outputs are unknown.
 */
export async function constructComponent(
  request: messages.ConstructRequest,
  outputsOf: (urn: string) => Promise<Struct>,
): Promise<messages.ConstructResponse> {
  const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
  try {
    const component = new registrations.RegisterResourceRequest()
      .setType(request.getType())
      .setName(request.getName())
      .setParent(request.getParent())
      .setObject(request.getInputs())
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setAliasesList(request.getAliasesList())
      .setDependenciesList(request.getDependenciesList());
    const registered = await new Promise<registrations.RegisterResourceResponse>((resolve, reject) => {
      monitor.registerResource(component, (error, response) => (error ? reject(error) : resolve(response)));
    });
    const response = new messages.ConstructResponse().setUrn(registered.getUrn());
    if (request.getDryrun()) return response;
    const outputs = await outputsOf(registered.getUrn());
    const named = new registrations.RegisterResourceOutputsRequest().setUrn(registered.getUrn()).setOutputs(outputs);
    await new Promise<void>((resolve, reject) => {
      monitor.registerResourceOutputs(named, (error) => (error ? reject(error) : resolve()));
    });
    return response.setState(outputs);
  } finally {
    monitor.close();
  }
}
