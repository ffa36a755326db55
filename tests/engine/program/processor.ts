import { eachEvent } from "../../../runtime/processor/index";

export const handler = eachEvent(({ streamId, key, data }) => {
  console.log(JSON.stringify({ processed: key, streamId, data: String(data) }));
});
