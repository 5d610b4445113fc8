from aws_cdk import Stack


class ObservabilityStack(Stack):
    def __init__(self, scope, construct_id, *, stage, streams, lake, detection, response):
        super().__init__(scope, construct_id)
