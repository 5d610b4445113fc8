"""Glue runs: the uploaded script with the uploaded modules and nothing else, and the state that it really had."""

from pathlib import Path

from laptop_rig import Cloud, eventually, zipped

from laptop.glue.command import laptop_arguments
from laptop.glue.service import GlueRuns

SCRIPT = """
import os, sys
from carried import WORD
print("hello", WORD, sorted(os.listdir(".")))
if "--break" in sys.argv:
    raise RuntimeError("the lake is dry")
open(sys.argv[sys.argv.index("--out") + 1], "w").write(repr(sys.argv[1:]))
"""


def deploy(cloud: Cloud, name: str) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code/job.py", Body=SCRIPT.encode())
    s3.put_object(Bucket=name, Key="code/more.zip", Body=zipped({"carried.py": "WORD = 'there'"}))
    cloud.client("glue").create_job(
        Name=name,
        Role=cloud.role,
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{name}/code/job.py"},
        DefaultArguments={"--extra-py-files": f"s3://{name}/code/more.zip", "--color": "red", "--size": "1"},
    )


def run(cloud: Cloud, name: str, work_dir: Path, **arguments: str) -> dict:
    glue = cloud.client("glue")
    given = {f"--{key.rstrip('_')}": value for key, value in arguments.items()}
    run_id = glue.start_job_run(JobName=name, Arguments=given)["JobRunId"]
    assert glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]["JobRunState"] == "STARTING"
    GlueRuns(endpoint_url=cloud.endpoint_url, work_dir=work_dir, warehouse=work_dir / "warehouse").look()

    def ended():
        described = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
        return described if described["JobRunState"] in ("SUCCEEDED", "FAILED") else None

    return dict(eventually(ended))


def test_a_run_gets_the_jobs_arguments_overlaid_with_its_own(cloud, unique, tmp_path):
    """Glue hands a job its arguments as --name value pairs, --JOB_NAME first."""
    deploy(cloud, unique)
    out = tmp_path / "out.txt"
    assert run(cloud, unique, tmp_path, out=str(out), color="blue")["JobRunState"] == "SUCCEEDED"
    arguments = eval(out.read_text())
    assert arguments[:2] == ["--JOB_NAME", unique]
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert (pairs["--color"], pairs["--size"]) == ("blue", "1")
    logs = cloud.client("logs").filter_log_events(logGroupName="/aws-glue/jobs")["events"]
    assert "hello there ['job.py', 'more.zip']" in [event["message"] for event in logs]


def test_a_run_that_breaks_is_failed_with_its_own_words(cloud, unique, tmp_path):
    """Moto would call it a success; the demonstration must not."""
    deploy(cloud, unique)
    described = run(cloud, unique, tmp_path, break_="yes")
    assert described["JobRunState"] == "FAILED"
    assert described["ErrorMessage"] == "RuntimeError: the lake is dry"


def test_a_lake_of_local_files_lies_in_the_laptops_folder_and_one_in_glue_where_the_template_says(tmp_path):
    """The one argument that the laptop changes."""
    given = {"--catalog": "sqlite", "--warehouse": "build/elsewhere"}
    assert laptop_arguments(given, warehouse=tmp_path)["--warehouse"] == str(tmp_path)
    in_aws = {"--catalog": "glue", "--warehouse": "s3://lake/"}
    assert laptop_arguments(in_aws, warehouse=tmp_path) == in_aws
