"""A stream of prices, with a processor in Python."""

import pulumi
import pulumi_stream_ingestion as ingestion

config = pulumi.Config()
prices = ingestion.StreamIngestion(
    "prices",
    source=ingestion.SourceArgs(
        url=config.require_secret("url"),
        path=config.require_secret("path"),
        key=config.require_secret("key"),
    ),
    processor=ingestion.ProcessorArgs(entry="./processor.py", runtime="python3.13"),
    streams=["EUR_USD"],
)

pulumi.export("apiUrl", prices.api_url)
pulumi.export("tableName", prices.table_name)
pulumi.export("connectionTableName", prices.connection_table_name)
pulumi.export("bucketName", prices.bucket_name)
pulumi.export("processorArn", prices.processor_arn)
