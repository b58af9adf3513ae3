BEGIN TRANSACTION;
CREATE TABLE early_trials (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	cell TEXT NOT NULL, 
	genome TEXT NOT NULL, 
	hyperparameters TEXT DEFAULT '{}' NOT NULL, 
	origin TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	seed BIGINT NOT NULL, 
	curve TEXT NOT NULL, 
	metric DOUBLE, 
	fitness DOUBLE, 
	num_params BIGINT, 
	wall_seconds DOUBLE NOT NULL, 
	cause TEXT, 
	reused_from INTEGER, 
	details TEXT DEFAULT '{}' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (run, number), 
	FOREIGN KEY(run) REFERENCES runs (id)
);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	config_hash VARCHAR(64) NOT NULL, 
	config TEXT NOT NULL, 
	revision VARCHAR(255) NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "runs" VALUES(1,'xml-smoke-random-gp_tree-seed1-6c6b9cee','6c6b9cee86a0','{"asynchronous":false,"budget":{"_target_":"archsearch.train.Budget","batch_size":16,"embedding_size":null,"epochs":2,"hidden_size":16,"max_params":null,"max_seconds":30,"max_train_symbols":3200,"max_valid_symbols":800,"name":"smoke","num_layers":1,"unroll_steps":10,"vocabulary_size":null},"cell_space":{"_target_":"archsearch.space.GPTreeSpace","binary":["Add","Mult"],"max_height":15,"max_memories":4,"memory_leaf_rate":0.25,"min_height":6,"unary":["Tanh","Sigmoid","ReLU"]},"model":{"_partial_":true,"_target_":"archsearch.nn.LanguageModel","adaptive_cutoffs":null,"backend":"auto","embedding_scale":null,"forget_bias":0.0,"hidden_dropout":0.0,"init_scale":null,"input_dropout":0.0,"output_dropout":0.0,"recurrent_dropout":0.0,"tied":true,"variational":true,"weight_dropout":0.0,"word_dropout":0.0},"predictor":{},"references":null,"screening":{"min_trials":16,"num_drafts":8,"refit_every":16},"search":{"_partial_":true,"_target_":"archsearch.search.RandomSearch","max_attempts":100},"seed":1,"suite":{},"task":{"_target_":"archsearch.train.LanguageTask","corpus":{"_partial_":true,"_target_":"archsearch.data.load_xml","seed":0,"test_symbols":20000,"train_symbols":200000,"valid_symbols":20000},"max_perplexity":null,"measures":["accuracy"],"metric":"perplexity","name":"xml","test_batch_size":1},"trainer":{"_target_":"archsearch.train.Training","accelerator":"cpu","activation_regularization":0.0,"clip_norm":1.0,"loss":"mean","max_skipped_steps":10,"name":"adam","precision":"float32","schedule":{"_target_":"archsearch.train.Adam","betas":[0.9,0.999],"eps":1e-08,"final_lr":0.0,"lr":0.01,"warm_up":0.0,"weight_decay":0.0},"temporal_regularization":0.0,"variable_unroll":false},"warm_start":{"num_cells":10,"pairs_from":[],"runs":[]},"window":8}','809f2c6bcaf2','2026-11-30T16:28:38+00:00');
CREATE TABLE schema_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(2);
CREATE TABLE trials (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	cell TEXT NOT NULL, 
	genome TEXT NOT NULL, 
	hyperparameters TEXT DEFAULT '{}' NOT NULL, 
	origin TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	seed BIGINT NOT NULL, 
	curve TEXT NOT NULL, 
	metric DOUBLE, 
	fitness DOUBLE, 
	num_params BIGINT, 
	wall_seconds DOUBLE NOT NULL, 
	cause TEXT, 
	reused_from INTEGER, 
	details TEXT DEFAULT '{}' NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (run, number), 
	FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "trials" VALUES(1,1,0,'ebdea38ca92c2f20','h_t = Tanh(Linear(x_t, h_tm1))','null','{}','["reference",[],{"name":"rnn"}]','ok',2137939147,'[[3.2562464421717965,22.63724413067077,0.07266216500102018,{"accuracy":0.2423469387755102}],[3.0095773054726758,19.70377733057966,0.12842837100106408,{"accuracy":0.29591836734693877}]]',1.97037773305796584111e+01,-2.98081036003268495804e+00,1021,1.66927174001102684997e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(2,1,1,'1235876804726127','o = Sigmoid(Linear(x_t, h_tm1));
f = Sigmoid(Linear(x_t, h_tm1));
i = Sigmoid(Linear(x_t, h_tm1));
g = Tanh(Linear(x_t, h_tm1));
c_t = Add(Mult(c_tm1, f), Mult(i, g));
h_t = Mult(o, Tanh(c_t))','null','{}','["reference",[],{"name":"lstm"}]','ok',2188285074,'[[3.2869388446136933,24.727760912630703,0.09482387199932418,{"accuracy":0.21173469387755103}],[3.162935649929334,23.882191880146177,0.16335208300006343,{"accuracy":0.23341836734693877}]]',2.38821918801461769983e+01,-3.17313307158801,2605,2.01402029000746551901e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(3,1,2,'1122a1136369c86c','z = Sigmoid(Linear(x_t, h_tm1));
r = Sigmoid(Linear(x_t, h_tm1));
n = Tanh(Add(Linear(x_t), Mult(Linear(h_tm1), r)));
h_t = Add(Mult(h_tm1, z), Mult(OneMinus(z), n))','null','{}','["reference",[],{"name":"gru"}]','ok',711288672,'[[3.264560105213568,23.397597720776602,0.05869873799929337,{"accuracy":0.22321428571428573}],[3.077483670795383,21.41867422071613,0.12188643400077126,{"accuracy":0.23979591836734693}]]',2.14186742207161309172e+01,-3.06426316864636483217e+00,2093,1.42801632999180583283e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(4,1,3,'03d2f66825e0d107','n1 = Mult(Mult(Linear(x_t, h_tm1), Linear(x_t, h_tm1)), ReLU(Linear(x_t, h_tm1)));
n2 = Sigmoid(Add(n1, Tanh(Add(Tanh(Linear(x_t, h_tm1)), Tanh(Linear(x_t, h_tm1))))));
h_t = Mult(Sigmoid(Linear(x_t, h_tm1)), n2)','{"feeds":{},"tree":["Mult",["Sigmoid","linear"],["Sigmoid",["Add",["Tanh",["Add",["Tanh","linear"],["Tanh","linear"]]],["Mult",["ReLU","linear"],["Mult","linear","linear"]]]]]}','{}','["random",[],{}]','ok',3305957883,'[[3.2560682440522926,24.649395985658888,0.058376757999212714,{"accuracy":0.2308673469387755}],[3.1653420913159547,23.930536667958158,0.10674933699920075,{"accuracy":0.15943877551020408}]]',2.39305366679581581483e+01,-3.17515532824457924476e+00,3661,1.39662555999166215769e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(5,1,4,'37095064174bdbd4','c_t = Sigmoid(Mult(c_tm1, Mult(Linear(x_t, h_tm1), Linear(x_t, h_tm1))));
n1 = Add(Linear(x_t, h_tm1), Sigmoid(Mult(Linear(x_t, h_tm1), Sigmoid(Linear(x_t, h_tm1)))));
h_t = Mult(c_t, Mult(ReLU(Linear(x_t, h_tm1)), ReLU(n1)))','{"feeds":{"d":[1]},"tree":["Mult",["Mult",["ReLU","linear"],["ReLU",["Add",["Sigmoid",["Mult","linear",["Sigmoid","linear"]]],"linear"]]],["Sigmoid",["Mult",["Mult","linear","linear"],"d"]]]}','{}','["random",[],{}]','diverged',2536995950,'[[3.3139725114831973,24.61472524678355,0.09541497500140395,{"accuracy":0.29209183673469385,"restarted states":4.0}],[23.54289284073004,1.0142320547350045e+304,0.1834576030014432,{"accuracy":0.28061224489795916,"restarted states":1.0,"skipped steps":8.0}]]',NULL,NULL,3661,2.16812115999346133321e-01,'validation perplexity 1.014e+304 over 58 (epoch 2)',NULL,'{}');
INSERT INTO "trials" VALUES(6,1,5,'be68d1639c281934','d_t = Add(Add(c_tm1, d_tm1), Linear(x_t, h_tm1));
c_t = Tanh(Linear(x_t, h_tm1));
n1 = Mult(Mult(Sigmoid(Linear(x_t, h_tm1)), c_t), ReLU(Mult(e_tm1, Sigmoid(d_tm1))));
e_t = Add(d_t, Sigmoid(Add(ReLU(Linear(x_t, h_tm1)), n1)));
h_t = Tanh(e_t)','{"feeds":{"c":[0,1,0,1,1,0],"d":[0],"f":[0,0]},"tree":["Tanh",["Add",["Add",["Add","c","f"],"linear"],["Sigmoid",["Add",["ReLU","linear"],["Mult",["ReLU",["Mult",["Sigmoid","f"],"d"]],["Mult",["Tanh","linear"],["Sigmoid","linear"]]]]]]]}','{}','["random",[],{}]','ok',1751829567,'[[3.257863107039102,25.634094071805098,0.10026569700130494,{"accuracy":0.11734693877551021}],[3.2184960446765074,25.362231241263455,0.18700651499966625,{"accuracy":0.11989795918367346}]]',2.53622312412634549612e+01,-3.2332611083984375e+00,2605,2.31492241000523790717e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(7,1,6,'eb1c1a239033adc7','n1 = Sigmoid(c_tm1);
c_t = ReLU(Mult(n1, Mult(Linear(x_t, h_tm1), ReLU(Mult(Linear(x_t, h_tm1), ReLU(d_tm1))))));
d_t = Add(Sigmoid(Mult(Linear(x_t, h_tm1), n1)), c_t);
h_t = ReLU(d_t)','{"feeds":{"c":[0],"d":[0,1]},"tree":["ReLU",["Add",["Sigmoid",["Mult",["Sigmoid","d"],"linear"]],["ReLU",["Mult",["Sigmoid","d"],["Mult",["ReLU",["Mult",["ReLU","c"],"linear"]],"linear"]]]]]}','{}','["random",[],{}]','ok',3970715649,'[[3.2479186670740225,24.936196611948283,0.09187868499975593,{"accuracy":0.11989795918367346,"skipped steps":2.0}],[3.194207733000942,24.754950279531545,0.18160052700113738,{"accuracy":0.23979591836734693}]]',2.4754950279531545477e+01,-3.20902548030931100697e+00,2077,2.18403304999810643494e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(8,1,7,'1993145755f2d387','d_t = Add(c_tm1, Sigmoid(Linear(x_t, h_tm1)));
n1 = Tanh(Mult(Sigmoid(d_tm1), Sigmoid(Add(Linear(x_t, h_tm1), Linear(x_t, h_tm1)))));
c_t = Mult(Add(Linear(x_t, h_tm1), Sigmoid(Mult(d_tm1, Sigmoid(Linear(x_t, h_tm1))))), n1);
h_t = ReLU(Mult(Tanh(Add(Tanh(Linear(x_t, h_tm1)), Sigmoid(d_t))), Tanh(c_t)))','{"feeds":{"c":[0,0,0],"d":[0,1,0,1,0]},"tree":["ReLU",["Mult",["Tanh",["Mult",["Add",["Sigmoid",["Mult",["Sigmoid","linear"],"d"]],"linear"],["Tanh",["Mult",["Sigmoid",["Add","linear","linear"]],["Sigmoid","d"]]]]],["Tanh",["Add",["Tanh","linear"],["Sigmoid",["Add","c",["Sigmoid","linear"]]]]]]]}','{}','["random",[],{}]','ok',3865694680,'[[3.2657062779718906,24.200041431457635,0.10398626999995031,{"accuracy":0.23469387755102042}],[3.1352999126491836,22.946504877179358,0.19732997999926738,{"accuracy":0.23596938775510204}]]',2.29465048771793576074e+01,-3.13316563197544661889e+00,3661,2.42145129999698838219e-01,NULL,NULL,'{}');
INSERT INTO "trials" VALUES(9,1,8,'82e57a8e037df8e6','n1 = Add(Linear(x_t, h_tm1), Add(Linear(x_t, h_tm1), Sigmoid(d_tm1)));
n2 = Sigmoid(Mult(Linear(x_t, h_tm1), Mult(Linear(x_t, h_tm1), Sigmoid(Linear(x_t, h_tm1)))));
n3 = Mult(Linear(x_t, h_tm1), Tanh(Mult(ReLU(Linear(x_t, h_tm1)), Sigmoid(Linear(x_t, h_tm1)))));
c_t = Sigmoid(Add(Add(c_tm1, n2), Tanh(n3)));
d_t = Add(Tanh(Add(Sigmoid(Linear(x_t, h_tm1)), n1)), c_t);
h_t = Tanh(Mult(Add(Sigmoid(Linear(x_t, h_tm1)), ReLU(Add(Linear(x_t, h_tm1), Tanh(c_tm1)))), d_t))','{"feeds":{"c":[0,1,1],"f":[0,1]},"tree":["Tanh",["Mult",["Add",["ReLU",["Add",["Tanh","c"],"linear"]],["Sigmoid","linear"]],["Add",["Tanh",["Add",["Add",["Add","linear",["Sigmoid","f"]],"linear"],["Sigmoid","linear"]]],["Sigmoid",["Add",["Add","c",["Sigmoid",["Mult",["Mult",["Sigmoid","linear"],"linear"],"linear"]]],["Tanh",["Mult",["Tanh",["Mult",["Sigmoid","linear"],["ReLU","linear"]]],"linear"]]]]]]]}','{}','["random",[],{}]','ok',3781422422,'[[3.2620236190719223,24.66241777928927,0.11966013900018879,{"accuracy":0.23596938775510204}],[3.1708757410097363,23.95824455668564,0.230043077001028,{"accuracy":0.23596938775510204}]]',2.39582445566856385701e+01,-3.17631250498246187063e+00,6301,3.05069935000574332661e-01,NULL,NULL,'{}');
CREATE INDEX trials_by_key ON trials (run, "key");
COMMIT;
