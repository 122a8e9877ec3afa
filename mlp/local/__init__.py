"""The one-machine agent: the operator's twin, which keeps processes where the operator keeps pods.

What should run and what does is compared in `reconcile`, said in `status` and `causes`, remembered in `revisions` and
judged in `admission`, all pure; `keeper` and `process` act. What outlives the agent is found again through `records`,
`left` and `sockets`. No model is opened here and no registry row is read: both happen in the children. Nothing outside
imports this package: it is started as `python -m mlp.local` and spoken to through the socket in its folder.
"""
