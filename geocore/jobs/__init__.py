"""Background jobs: long commands that outlive the page, and the server, that started them.

    from geocore.jobs import start_job, list_jobs, cancel_job, resume_job, delete_job

Every job is a folder on disk. Belongs beside the stages: it runs commands as an outsider would, and
must not know what they compute. It loads no TensorFlow.
"""

from geocore.jobs.log import read_log
from geocore.jobs.queue import cancel_job, delete_job, list_jobs, load_job, resume_job, start_job
from geocore.jobs.record import Job, Status, bundles_folder, jobs_folder

__all__ = [
    "Job",
    "Status",
    "bundles_folder",
    "cancel_job",
    "delete_job",
    "jobs_folder",
    "list_jobs",
    "load_job",
    "read_log",
    "resume_job",
    "start_job",
]
