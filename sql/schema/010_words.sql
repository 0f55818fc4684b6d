-- The words: settings, codes of refusal, causes, stages, reasons.

set role firebreak_owner;

insert into firebreak.setting (name, value, note) values
    ('company', 'Company', 'shown in the title of every screen'),
    ('currency', 'CNY', 'of every amount without one'),
    ('fiscal_year_start', '01-01', 'month-day'),
    ('commitment_epoch', '2024-01-01', 'a Monday: fortnights count from it'),
    ('backdate_days', '31', 'how far back an activity may be recorded'),
    ('lead_capacity', '200', 'open leads one person may hold'),
    ('lead_picks_per_day', '20', 'leads one person may take from a pool a day');

insert into firebreak.refusal (code, hint) values
    ('missing', 'A required value is missing.'),
    ('too_long', 'The text is too long.'),
    ('bad_value', 'The value is not one of those allowed.'),
    ('not_found', 'There is no such record within your range.'),
    ('not_owner', 'Only the owner may change this record.'),
    ('not_your_role', 'Your role may not do this.'),
    ('out_of_range', 'This lies outside your part of the organisation.'),
    ('conflict', 'Somebody changed the record since you read it.'),
    ('freshness_cause', 'Name the business action behind the change.'),
    ('freshness_activity', 'The activity named is not one with this customer.'),
    ('nothing_changed', 'Nothing was changed.'),
    ('duplicate_name', 'A customer with this name exists already.'),
    ('duplicate_tax_no', 'A customer with this tax number exists already.'),
    ('in_future', 'The time lies in the future.'),
    ('too_long_ago', 'The time lies too far back to be recorded now.'),
    ('already_closed', 'This is closed already.'),
    ('already_done', 'This is done already.'),
    ('not_done', 'This is not done, so it cannot be undone.'),
    ('not_yours', 'This was not recorded by you.'),
    ('too_late_to_undo', 'It is too late to take this back.'),
    ('changed_since', 'The record has changed since, so this cannot be undone.'),
    ('loss_reason', 'Name the reason for the loss.'),
    ('bad_stage', 'The pipeline has no such stage, or it is not the next.'),
    ('outcome', 'Choose one of the outcomes asked for.'),
    ('suspended', 'New leads are stopped for this person.'),
    ('lead_taken', 'The lead has been given to somebody already.'),
    ('capacity', 'The person holds as many leads as allowed.'),
    ('pick_limit', 'No more leads may be taken today.'),
    ('reason', 'A reason is required.'),
    ('already_acked', 'Somebody answered this alert already.'),
    ('not_acked', 'The alert has not been answered.'),
    ('no_superior', 'There is nobody above to escalate to.'),
    ('mute_too_long', 'An alert may be muted for 14 days at most.'),
    ('unit_full', 'The unit has no codes left.'),
    ('seat_taken', 'Somebody sits in this seat.'),
    ('inactive', 'The person has left.'),
    ('still_owns', 'The person still owns records; hand them over first.'),
    ('email_taken', 'Another person has this address.'),
    ('name_taken', 'The name is taken.'),
    ('unknown_device', 'The device or invite is not known.'),
    ('invite_used', 'The invite has been used.'),
    ('invite_expired', 'The invite has expired.'),
    ('not_suspended', 'Nothing is stopped for this person.');

insert into firebreak.cause (position, code, zh, en) values
    (1, 'visit_made', '拜访', 'visit made'),
    (2, 'call_made', '电话沟通', 'call made'),
    (3, 'demo_given', '方案演示', 'demo given'),
    (4, 'contract_signed', '合同签订', 'contract signed'),
    (5, 'complaint_handled', '投诉处理', 'complaint handled'),
    (6, 'order_placed', '订单', 'order placed'),
    (7, 'proposal_sent', '方案提交', 'proposal sent'),
    (8, 'payment_received', '回款', 'payment received'),
    (9, 'mail_received', '客户邮件', 'mail received'),
    (10, 'data_confirmed', '资料核对', 'data confirmed'),
    (11, 'lead_accepted', '线索转化', 'lead accepted'),
    (12, 'handover', '交接', 'handover'),
    (13, 'import', '导入', 'import');

insert into firebreak.stage_def
    (pipeline, stage, position, kind, valid_from_here, probability, zh, en)
values
    ('standard', 'prospecting', 1, 'open', false, 5, '发掘', 'prospecting'),
    ('standard', 'needs', 2, 'open', true, 20, '需求', 'needs'),
    ('standard', 'proposal', 3, 'open', true, 45, '方案', 'proposal'),
    ('standard', 'negotiation', 4, 'open', true, 70, '谈判', 'negotiation'),
    ('standard', 'won', 5, 'won', true, 100, '赢单', 'won'),
    ('standard', 'lost', 6, 'lost', false, 0, '丢单', 'lost');

insert into firebreak.loss_reason (position, code, zh, en) values
    (1, 'price', '价格', 'price'),
    (2, 'competitor', '竞争对手', 'competitor'),
    (3, 'no_budget', '无预算', 'no budget'),
    (4, 'no_decision', '未决策', 'no decision'),
    (5, 'product_fit', '产品不符', 'product does not fit'),
    (6, 'relationship', '客情', 'relationship'),
    (7, 'timing', '时机', 'timing'),
    (8, 'other', '其他', 'other');

reset role;
