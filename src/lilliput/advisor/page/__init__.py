"""A plan, or a diagnosis, as a page for people."""

from lilliput.advisor.page.page import diagnosis_page, plan_page

__all__ = ["diagnosis_page", "plan_page"]
