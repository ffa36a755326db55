from stream_ingestion import each_event


@each_event
def handler(event, context):
    print(event.stream_id, event.data)
