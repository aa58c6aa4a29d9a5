"""Plays ECS's scheduler and Fargate's agent for a cluster of the embedded AWS, with Docker.

It reads services and task definitions back from the embedded AWS, and runs them as Fargate would.
It does not play: the task's own firewall and address, which the VPC gives; its share of a
processor; Spot interruptions; and the credentials of a task role, which it refuses.
"""
