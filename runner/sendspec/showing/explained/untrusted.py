"""Codes of `--untrusted`: files that it doesn't read, and limits that end it."""

from sendspec.showing.explained.entry import Explanation

EXPLAINED: dict[str, Explanation] = {
    "audience-absent": Explanation(
        "the spec's table isn't in the repository",
        (
            "A warning of `--untrusted`, which reads only what git tracks. Nobody is counted, and no row is checked. The "
            "template is, and the plan shows the texts of the spec's `examples`, or the template with the names of columns "
            "in it: `Hi ⟨first_name⟩`. Whether what an example expects is true, `sendspec test` says. The plan after the merge reads the "
            "table."
        ),
        right="sendspec validate specs/welcome.yaml   # where the table is",
    ),
    "guard-changed": Explanation(
        "a file that decides on limits, recipients or approvals differs from the base",
        (
            "A warning of `plan --base REF`. The plan goes by the files as they are, so limits and `only_to` "
            "may be other ones than before. Have `sendspec.yaml`, `sendspec.lock`, the prices and the files of approvers and suppressed "
            "addresses reviewed by their owners, such as with CODEOWNERS."
        ),
        right="sendspec.yaml @acme/senders   # without a slash: one in any folder counts",
    ),
    "list-absent": Explanation(
        "a list of suppressed addresses, or the price table, isn't in the repository",
        (
            "A warning of `--untrusted`, which reads only what git tracks. Without the list nobody is suppressed by it, and "
            "without prices no cost is shown. The plan after the merge reads the file."
        ),
    ),
    "untrusted-failed": Explanation(
        "the process that checks files of strangers gave no report",
        (
            "It crashed, was killed, or wrote something else than a report. Nothing that it wrote was shown. Find the file "
            "by checking the specs one by one, and report it as SECURITY.md of sendspec says: a file must not be able to do that."
        ),
        right="for spec in specs/*.yaml; do sendspec validate --untrusted $spec; done",
    ),
    "untrusted-files": Explanation(
        "the project is too large for `--untrusted`, or there is no place for its copy",
        (
            "What git tracks of the project is copied into a private folder first: at most 10,000 files and 256 MB "
            "together. Keep large tables out of the repository. The folder is made where `TMPDIR` says, which has to be outside "
            "of every repository and project."
        ),
    ),
    "untrusted-forbidden": Explanation(
        "a file made the check try something that it never does",
        (
            "The check of a stranger's files never starts a program, and never opens a connection or a ledger. This one tried to, so it "
            "was stopped. Either a file exploits a flaw in a library, which is a vulnerability, or something in this installation of Python "
            "did it. Don't merge the pull request until you know which, and report it as sendspec's SECURITY.md says."
        ),
    ),
    "untrusted-left-out": Explanation(
        "a file is something that `--untrusted` doesn't read",
        (
            "It reads regular files that git tracks, of up to 64 MB. Links, submodules, files with merge conflicts and larger "
            "ones are not read, as they could lead to other files or take the machine's memory. Nor are files that git changes when it "
            "checks them out, by `ident`, `filter`, `working-tree-encoding`, or `eol=crlf` inside of quoted cells: what is sent "
            "after the merge would not be what was checked."
        ),
        wrong="data/people.csv -> ../../lists/people.csv",
        right="cp --remove-destination ../lists/people.csv data/people.csv && git add data/people.csv",
    ),
    "untrusted-memory": Explanation(
        "the check of files of strangers needs too much memory",
        "It may use 2 GB. A plan of 100,000 rows needs a tenth of that. Check fewer specs at once.",
        right="sendspec plan --untrusted specs/welcome.yaml",
    ),
    "untrusted-output": Explanation(
        "the check of files of strangers has too much to report",
        "A report may have 16 MB. Check fewer specs at once, and correct their first errors.",
        right="sendspec validate --untrusted specs/welcome.yaml",
    ),
    "untrusted-repository": Explanation(
        "git can't say which files it tracks",
        (
            "`--untrusted` reads what git tracks, from git's own objects. The folder isn't in a repository, git isn't "
            "installed, the repository belongs to another user, or it lacks objects, as a partial clone does."
        ),
        right="git clone --depth 1 https://github.com/acme/messages && cd messages",
    ),
    "untrusted-time": Explanation(
        "the check of files of strangers takes too long",
        (
            "It may take 5 minutes, with what git needs of them, and compute for 4. A plan of 100,000 rows takes seconds. Check fewer specs at once, or "
            "keep large tables out of the repository."
        ),
        right="sendspec plan --untrusted specs/welcome.yaml",
    ),
    "untrusted-untracked": Explanation(
        "git doesn't track the spec",
        (
            "`--untrusted` checks what a pull request brings: the files in git's index. Of a spec with changes that aren't "
            "staged, the staged content is checked, and a note says so. Stage the file, or leave out `--untrusted`."
        ),
        right="git add specs/welcome.yaml",
    ),
}
