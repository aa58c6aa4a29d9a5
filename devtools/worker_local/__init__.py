"""Worker, model server and a fake chain on this computer: `make worker-local`."""
